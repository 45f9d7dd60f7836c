import { duration } from "../../i18n/format";
import { useT } from "../../i18n/strings";
import { useWords } from "../../words/words";
import { placesStrings } from "./strings";
import type { Device } from "./wardList";

interface DeviceWords {
  class: (device: Device) => string;
  model: (device: Device) => string;
  /** What is known of its state, the most telling first; never empty. */
  state: (device: Device) => string[];
  /** Where it was last heard, when that is not where it belongs. */
  elsewhere: (device: Device) => string | undefined;
}

/** A device in words that stand for themselves: on paper nothing can be looked up. */
export function useDeviceWords(): DeviceWords {
  const t = useT(placesStrings);
  const say = useWords();
  const therapy = ({ therapy: known }: Device): string[] => {
    if (!known) return [];
    const age = known.age_seconds;
    // What it said once is not what is so now: then both stand there.
    const said = known.reported && !known.current ? `${say("reportedTherapy", known.reported)}, ` : "";
    return [say("therapy", known.state), age === null ? t("list.neverReported") : said + t("list.reportedAgo", { age: duration(age) })];
  };
  const state = (device: Device): string[] => {
    const lines = [...device.holds.map((hold) => say("hold", hold.kind)), ...therapy(device)];
    if (device.locked) lines.push(t("list.locked"));
    if (device.lost_mode) lines.push(t("list.lostMode"));
    if (device.condition !== "ready" && device.condition !== "in_use") lines.push(say("condition", device.condition));
    if (device.stage !== "in_service" && device.stage !== "enrolled") lines.push(say("stage", device.stage));
    if (device.management === "record" || device.management === "certificate") lines.push(t("list.doesNotReport"));
    return lines.length > 0 ? lines : [say("condition", device.condition)];
  };
  return {
    class: (device) => say("class", device.class),
    model: (device) => `${device.model.maker} ${device.model.name}`.trim(),
    state,
    elsewhere: (device) => (device.location?.place && device.location.place.id !== device.place?.id ? device.location.place.name : undefined),
  };
}
