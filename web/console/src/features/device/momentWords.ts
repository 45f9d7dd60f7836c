import type { Schemas } from "../../api/client";
import { shortTime } from "../../i18n/format";
import { useT } from "../../i18n/strings";
import { useWords } from "../../words/words";
import { usePlaces } from "./PlaceTree";
import { timelineStrings } from "./timelineStrings";

export type Moment = Schemas["MomentView"];

/** What happened in a sentence, and what there is to say beside it. */
export interface Told {
  title: string;
  more: string[];
}

const does: Record<string, Record<string, string>> = timelineStrings.en.does;
const reports: Record<string, unknown> = timelineStrings.en.reports;

/**
 * Says what happened in the reader's language. An action that this console does
 * not know, from a newer server, is told in the server's own words.
 */
export function useMomentWords(): (moment: Moment) => Told {
  const t = useT(timelineStrings);
  const changes = useChanges();
  const say = useWords();
  const report = useReportWords();
  return (moment) => {
    const [noun = "", step = ""] = moment.action.split(".");
    const detail = moment.detail;
    const more = [text(detail.reason) || text(detail.because) || text(detail.why)].filter(Boolean);
    const reported = report(noun, step, moment);
    if (reported) return { title: reported, more: noun === "seen" && text(detail.until) ? [t("until", { time: shortTime(text(detail.until)) })] : [] };
    if (!does[noun]?.[step]) return { title: moment.words, more: [] };
    const title = t(`does.${noun}.${step}` as Parameters<typeof t>[0], {
      kind: say("kind", text(detail.kind)) + (text(detail.subkind) && ` (${text(detail.subkind)})`),
      hold: say("hold", text(detail.hold)),
      method: text(detail.method),
      holder: text(detail.holder),
    });
    if (moment.action === "device.changed") return { title, more: [...changes(detail.changes), ...more] };
    if (moment.action === "device.sanitised") return { title, more: [t("looksMore", { witness: text(detail.witness) })] };
    return { title, more };
  };
}

/** What a device newly reports. */
function useReportWords(): (noun: string, what: string, moment: Moment) => string | undefined {
  const t = useT(timelineStrings);
  const places = usePlaces();
  const at = (key: string, params?: Record<string, string>) => t(`reports.${key}` as Parameters<typeof t>[0], params);
  return (noun, what, { detail }) => {
    const [was, became] = [text(detail.was), text(detail.became)];
    if (noun === "seen") return at("ward", { place: places?.get(text(detail.place))?.words ?? t("goneNow") });
    if (noun !== "reported") return undefined;
    if (what in timelineStrings.en.reports.version) {
      const name = at(`version.${what}`);
      return was ? at("became", { what: name, was, became }) : at("is", { what: name, became });
    }
    const words = reports[what] as Record<string, string> | undefined;
    const value = became || "unsaid";
    return words?.[value] ? at(`${what}.${value}`) : undefined;
  };
}

/** Words for what a person changed in the record, field by field. */
function useChanges(): (changes: unknown) => string[] {
  const t = useT(timelineStrings);
  const value = useValueWords();
  return (changes) => {
    if (typeof changes !== "object" || changes === null) return [];
    return Object.entries(changes).flatMap(([field, pair]) => {
      if (!Array.isArray(pair) || pair.length !== 2 || !(field in timelineStrings.en.field)) return [];
      const [was, became] = pair.map((v) => value(field, Array.isArray(v) ? v.join(", ") : String(v ?? "")));
      return t("changed", { field: t(`field.${field}` as Parameters<typeof t>[0]), was: was ?? "", became: became ?? "" });
    });
  };
}

function useValueWords(): (field: string, value: string) => string {
  const t = useT(timelineStrings);
  const say = useWords();
  const places = usePlaces();
  return (field, value) => {
    if (value === "") return t("nothing");
    switch (field) {
      case "place":
        return places?.get(value)?.words ?? t("goneNow");
      case "stage":
      case "condition":
      case "management":
        return say(field, value);
      case "custody": {
        const [kind = "", ...which] = value.split(" ");
        return [say("custody", kind), which.join(" ")].filter(Boolean).join(": ");
      }
    }
    return value;
  };
}

/** Who did it; the server names people by their names, and the rest in English. */
export function useActorWords(): (moment: Moment) => string {
  const t = useT(timelineStrings);
  const names: Record<string, string> = { Wardline: t("actors.wardline"), "the device": t("actors.device"), "somebody unknown": t("actors.nobody") };
  return ({ actor }) => (actor === "" ? t("actors.device") : (names[actor] ?? actor));
}

function text(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}
