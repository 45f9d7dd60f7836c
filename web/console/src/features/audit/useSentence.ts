import { useTranslation } from "react-i18next";
import type { Schemas } from "../../api/client";
import { useT } from "../../i18n/strings";
import { useWords } from "../../words/words";
import { timelineStrings } from "../device/timelineStrings";
import { auditStrings } from "./strings";

type Event = Schemas["EventView"];

/** Says what happened. An action that this console has no words for is shown as it came. */
export function useSentence(): (event: Event) => string {
  const { t, i18n } = useTranslation();
  const say = useWords();
  return (event) => {
    const word = (name: string, list: Parameters<typeof say>[0]) => say(list, String(event.detail[name] ?? ""));
    const params = { kind: word("kind", "kind"), hold: word("hold", "hold") || word("kind", "hold"), method: String(event.detail.method ?? "") };
    const known = [auditStrings.namespace, timelineStrings.namespace].find((ns) => i18n.exists(`does.${event.action}`, { ns }));
    return known ? t(`does.${event.action}`, { ns: known, ...params }) : event.action;
  };
}

/** Names who did it. */
export function useActor(): (event: Event) => string {
  const t = useT(auditStrings);
  return ({ actor }) => {
    const name = actor.name || actor.id;
    switch (actor.kind) {
      case "system":
      case "device":
      case "nobody":
        return t(`actors.${actor.kind}`);
      case "token":
      case "local":
        return t(`actors.${actor.kind}`, { name });
    }
    return name;
  };
}
