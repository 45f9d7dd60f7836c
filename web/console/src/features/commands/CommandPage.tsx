import { Grid, Paper, Stack, Table, Text, Title } from "@mantine/core";
import { useParams } from "@tanstack/react-router";
import { dateTime } from "../../i18n/format";
import { useT } from "../../i18n/strings";
import { Page } from "../../ui/Page";
import { QueryView } from "../../ui/QueryView";
import { RouteLink } from "../../ui/RouteLink";
import { useWords } from "../../words/words";
import { CancelCommand } from "./CancelCommand";
import { CommandSteps } from "./CommandSteps";
import { DecideCommand } from "../inbox/DecideCommand";
import { CommandFacts } from "./CommandFacts";
import { Receipt } from "./Receipt";
import { commandsStrings } from "./strings";
import { useCommand, useLastSeen, type Command } from "./useCommand";

/** One command: where it stands, live, and everything that is on record about it. */
export default function CommandPage() {
  const t = useT(commandsStrings);
  const say = useWords();
  const { id = "" } = useParams({ strict: false }) as { id?: string };
  const command = useCommand(id);
  const lastSeen = useLastSeen(command.data);
  const title = command.data ? t("commandTitle", { kind: say("kind", command.data.kind), device: command.data.device.serial }) : t("title");
  return (
    <Page title={title} above={<RouteLink to="/commands">{t("back")}</RouteLink>}>
      <QueryView query={command}>
        {(data) => (
          <Grid gap="md">
            <Grid.Col span={{ base: 12, md: 7 }}>
              <Stack>
                <Paper withBorder p="md" radius="md">
                  <Stack>
                    <CommandSteps command={data} lastSeen={lastSeen} />
                    <Receipt command={data} />
                    <DecideCommand command={data} />
                    <CancelCommand command={data} />
                  </Stack>
                </Paper>
                <History command={data} />
              </Stack>
            </Grid.Col>
            <Grid.Col span={{ base: 12, md: 5 }}>
              <CommandFacts command={data} />
            </Grid.Col>
          </Grid>
        )}
      </QueryView>
    </Page>
  );
}

/** Every move, with who moved it and why; for pumps, what the decision rested on. */
function History({ command }: { command: Command }) {
  const t = useT(commandsStrings);
  const say = useWords();
  const therapy = command.transitions.some((move) => move.therapy_state);
  return (
    <Paper withBorder p="md" radius="md">
      <Title order={2} size="h4" mb="xs">
        {t("history.title")}
      </Title>
      {/* A scroll region is reached by the keyboard. */}
      <Table.ScrollContainer minWidth={560} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t("history.at")}</Table.Th>
              <Table.Th>{t("history.move")}</Table.Th>
              <Table.Th>{t("history.who")}</Table.Th>
              <Table.Th>{t("history.why")}</Table.Th>
              {therapy && <Table.Th>{t("history.therapy")}</Table.Th>}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {command.transitions.map((move, i) => (
              <Table.Tr key={`${move.at}${i}`}>
                <Table.Td>
                  <time dateTime={move.at}>{dateTime(move.at)}</time>
                </Table.Td>
                <Table.Td>{say("commandState", move.state)}</Table.Td>
                <Table.Td>{move.actor}</Table.Td>
                <Table.Td>
                  <Text size="sm">{move.reason}</Text>
                </Table.Td>
                {therapy && (
                  <Table.Td>
                    {move.therapy_state &&
                      (move.therapy_age_seconds === null
                        ? say("therapy", move.therapy_state)
                        : t("history.therapyAge", { state: say("therapy", move.therapy_state), age: `${move.therapy_age_seconds} s` }))}
                  </Table.Td>
                )}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Paper>
  );
}

