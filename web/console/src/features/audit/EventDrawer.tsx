import { Code, Drawer, Stack, Table, Text } from "@mantine/core";
import type { ReactNode } from "react";
import type { Schemas } from "../../api/client";
import { dateTime } from "../../i18n/format";
import { useT } from "../../i18n/strings";
import { About } from "./AuditPage";
import { auditStrings } from "./strings";
import { useActor, useSentence } from "./useSentence";
import { uiStrings } from "../../ui/strings";

type Event = Schemas["EventView"];

/** Everything that was recorded of one event, and where it stands in the chain. */
export function EventDrawer({ event, onClose }: { event: Event | undefined; onClose: () => void }) {
  const t = useT(auditStrings);
  const ui = useT(uiStrings);
  return (
    <Drawer closeButtonProps={{ "aria-label": ui("close") }} opened={event !== undefined} onClose={onClose} position="right" size="lg" title={t("details.title")}>
      {event && <Content event={event} />}
    </Drawer>
  );
}

function Content({ event: e }: { event: Event }) {
  const t = useT(auditStrings);
  const sentence = useSentence();
  const actor = useActor();
  const rows: [string, ReactNode][] = [
    [t("details.when"), dateTime(e.at)],
    [t("details.action"), e.action],
    [t("details.who"), actor(e)],
    [t("details.factor"), e.actor.factor],
    [t("details.via"), e.actor.via],
    [t("details.about"), <About key="about" event={e} />],
    [t("details.session"), e.actor.session && <Code>{e.actor.session}</Code>],
    [t("details.request"), e.request_id && <Code>{e.request_id}</Code>],
    [t("details.link"), e.link.seq],
    [t("details.linkHash"), <Hash key="link" value={e.link.hash} />],
    [t("details.hash"), <Hash key="hash" value={e.hash} />],
  ];
  return (
    <Stack>
      <Text fw={600}>{sentence(e)}</Text>
      <Table>
        <Table.Tbody>
          {rows
            .filter(([, value]) => value !== "")
            .map(([name, value]) => (
              <Table.Tr key={name}>
                <Table.Th scope="row" w="32%">
                  {name}
                </Table.Th>
                <Table.Td>{value}</Table.Td>
              </Table.Tr>
            ))}
        </Table.Tbody>
      </Table>
      {Object.keys(e.detail).length > 0 && (
        <div>
          <Text size="sm" fw={600}>
            {t("details.facts")}
          </Text>
          <Code block>{JSON.stringify(e.detail, null, 2)}</Code>
        </div>
      )}
    </Stack>
  );
}

function Hash({ value }: { value: string }) {
  return <Code style={{ overflowWrap: "anywhere" }}>{value}</Code>;
}
