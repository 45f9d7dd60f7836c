import { api } from "../../api/client";
import { useT } from "../../i18n/strings";
import { useNow } from "../../ui/useNow";
import { useWords } from "../../words/words";
import { useOpenCommands } from "./Pending";
import type { Sort } from "./sorts";
import { timelineStrings } from "./timelineStrings";
import type { Device } from "./useDevice";

/** Something that is known to come. */
export interface ToCome {
  key: string;
  at: string;
  words: string;
  sort: Sort;
  /** A day without a time. */
  day?: boolean;
  link?: string;
}

/** What is known to come for this device; the farthest first, so that the list leads down to now. */
export function useFuture(device: Device): ToCome[] {
  const t = useT(timelineStrings);
  const say = useWords();
  const now = useNow();
  const commands = useOpenCommands(device);
  const { data: inventory } = api.useQuery("get", "/api/v1/devices/{id}/inventory", { params: { path: { id: device.id } } }, { enabled: device.udi !== "" });
  const out: ToCome[] = [];
  for (const command of commands) {
    const kind = say("kind", command.kind);
    const link = `/commands/${command.id}`;
    if (command.not_before) out.push({ key: command.id + "b", at: command.not_before, words: t("to.notBefore", { kind }), sort: "commands", link });
    if (command.expires_at) {
      const words = command.state === "held" ? t("to.heldUntil", { kind }) : t("to.expires", { kind });
      out.push({ key: command.id + "e", at: command.expires_at, words, sort: "commands", link });
    }
  }
  const certificate = device.certificate;
  if (certificate && certificate.status !== "revoked") out.push({ key: "certificate", at: certificate.not_after, words: t("to.certificateEnds"), sort: "trust" });
  if (inventory?.udi?.expires) out.push({ key: "label", at: `${inventory.udi.expires}T12:00:00`, words: t("to.labelExpires"), sort: "record", day: true });
  return out.filter(({ at }) => new Date(at).getTime() > now).sort((a, b) => new Date(b.at).getTime() - new Date(a.at).getTime());
}
