import { Badge, Group } from "@mantine/core";
import { useT } from "../../i18n/strings";
import { CommandStateBadge } from "../../ui/badges";
import { commandsStrings } from "./strings";
import { hasEnded, type Command } from "./useCommand";

const outcomeColor: Record<string, string> = { erased: "green", erase_started: "blue", not_erased: "red", not_reached: "orange" };

/** The state of a command; of a wipe that has come to an end, how it ended. */
export function CommandBadges({ command }: { command: Pick<Command, "state" | "outcome"> }) {
  const t = useT(commandsStrings);
  const { outcome } = command;
  const told = outcome && (hasEnded(command) || outcome === "erase_started" || outcome === "not_erased");
  return (
    <Group gap={4} wrap="nowrap">
      {!(told && (outcome === "erased" || outcome === "erase_started")) && <CommandStateBadge state={command.state} />}
      {told && (
        <Badge color={outcomeColor[outcome]} variant={outcome === "not_erased" ? "filled" : "light"} tt="none" fw={600}>
          {t(`outcomeShort.${outcome}`)}
        </Badge>
      )}
    </Group>
  );
}

