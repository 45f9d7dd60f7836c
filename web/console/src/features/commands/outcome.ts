import type { MantineColor } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck, IconClock, IconEyeOff, IconX, type Icon } from "@tabler/icons-react";
import { shortTime } from "../../i18n/format";
import { useT } from "../../i18n/strings";
import { commandsStrings } from "./strings";
import { hasEnded, type Command } from "./useCommand";

export interface End {
  words: string;
  /** What it means and what to do; only for wipes. */
  means?: string;
  color: MantineColor;
  Icon: Icon;
  /** It has come to this end; otherwise it is on the way. */
  reached: boolean;
}

const looks: Record<string, { color: MantineColor; Icon: Icon }> = {
  not_reached: { color: "orange", Icon: IconX },
  erase_started: { color: "blue", Icon: IconEyeOff },
  erased: { color: "green", Icon: IconCircleCheck },
  not_erased: { color: "red", Icon: IconAlertTriangle },
};

/**
 * How a command ended, in the words that safety prescribes: a wipe has four ends,
 * and each is called the same everywhere. lastSeen is when the device was last
 * heard of.
 */
export function useEnd(): (command: Command, lastSeen: string | null | undefined) => End {
  const t = useT(commandsStrings);
  return (command, lastSeen) => {
    const ended = hasEnded(command);
    const { outcome } = command;
    if (outcome && (ended || outcome === "erase_started" || outcome === "not_erased")) {
      const seen = lastSeen ? shortTime(lastSeen) : "";
      const never = !lastSeen && (outcome === "not_reached" || outcome === "not_erased");
      return {
        words: t(never ? `outcome.${outcome}_never` : `outcome.${outcome}`, { seen }),
        means: t(`outcomeMeans.${outcome}`),
        ...(looks[outcome] ?? { color: "gray", Icon: IconClock }),
        reached: true,
      };
    }
    if (command.state === "succeeded") return { words: t("done"), color: "green", Icon: IconCircleCheck, reached: true };
    if (ended) {
      const state = command.state as keyof (typeof commandsStrings)["en"]["notDone"];
      return { words: t(`notDone.${state}`), color: state === "failed" || state === "refused" || state === "denied" ? "red" : "gray", Icon: IconX, reached: true };
    }
    return { words: t("steps.openEnd"), color: "gray", Icon: IconClock, reached: false };
  };
}
