import { Group, Loader, Stack, Text } from "@mantine/core";
import { useT } from "../../i18n/strings";
import { CommandStateBadge } from "../../ui/badges";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { RouteLink } from "../../ui/RouteLink";
import { Time } from "../../ui/Time";
import { useWords } from "../../words/words";
import { Answer } from "./Answer";
import { commandsStrings } from "./strings";
import { useCommand } from "./useCommand";

/** One command in a line or two, followed to its end. Without an id it is being asked. */
export function CommandLine({ id, kind }: { id: string | undefined; kind: string }) {
  const t = useT(commandsStrings);
  const say = useWords();
  const { data, error } = useCommand(id);
  if (error && !data) return <ProblemAlert reading error={error} />;
  return (
    <Stack gap={4} role="status" aria-label={say("kind", kind)}>
      <Group gap="xs">
        <Text size="sm" fw={600}>
          {say("kind", kind)}
        </Text>
        {data ? <CommandStateBadge state={data.state} /> : <Loader size={14} aria-label={t("asking")} />}
        {data && (
          <Text size="sm" c="dimmed">
            <Time at={data.updated_at} />
          </Text>
        )}
        {data && (
          <RouteLink to={`/commands/${data.id}`} size="sm">
            {t("follow")}
          </RouteLink>
        )}
      </Group>
      {data && data.state !== "succeeded" && <Text size="sm">{data.why_waiting}</Text>}
      {data && <Answer command={data} />}
    </Stack>
  );
}
