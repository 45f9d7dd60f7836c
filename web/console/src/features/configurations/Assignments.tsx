import { Button, Group, Modal, Stack, Table, Text } from "@mantine/core";
import { IconUsersGroup } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, rest } from "../../api/client";
import { useT } from "../../i18n/strings";
import { useMay } from "../../session/useSession";
import { Empty } from "../../ui/Empty";
import { notifyDone } from "../../ui/notify";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { QueryView } from "../../ui/QueryView";
import { uiStrings } from "../../ui/strings";
import { Time } from "../../ui/Time";
import { AssignForm } from "./AssignForm";
import type { Document } from "./kinds";
import { PreviewPanel } from "./PreviewPanel";
import { useSelectorWords, type Assignment } from "./selector";
import { configurationsStrings } from "./strings";

/** For which devices a document is meant. */
export function Assignments({ document }: { document: Document }) {
  const t = useT(configurationsStrings);
  const may = useMay();
  const words = useSelectorWords();
  const query = api.useQuery("get", "/api/v1/assignments");
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<Assignment>();
  const write = may("configurations.write") && !document.retired;
  return (
    <Stack>
      <Group justify="space-between">
        <Text size="sm" c="dimmed" maw={720}>
          {t("assign.wins")}
        </Text>
        {write && <Button onClick={() => setAdding(true)}>{t("assign.add")}</Button>}
      </Group>
      <QueryView
        query={query}
        isEmpty={(data) => !data.items.some((one) => one.document_id === document.id)}
        empty={
          <Empty icon={IconUsersGroup} title={t("assign.none")}>
            {t("assign.noneText")}
          </Empty>
        }
      >
        {(data) => (
          <Table.ScrollContainer minWidth={480}>
            <Table aria-label={t("tabs.assignments")} withTableBorder verticalSpacing="xs">
              <Table.Thead>
                <Table.Tr>
                  <Table.Th scope="col">{t("assign.selector")}</Table.Th>
                  <Table.Th scope="col">{t("assign.by")}</Table.Th>
                  <Table.Th scope="col">{t("assign.at")}</Table.Th>
                  {write && <Table.Td />}
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {data.items
                  .filter((one) => one.document_id === document.id)
                  .map((one) => (
                    <Table.Tr key={one.id}>
                      <Table.Td>{words(one.selector)}</Table.Td>
                      <Table.Td>{one.created_by}</Table.Td>
                      <Table.Td>
                        <Time at={one.created_at} as="clock" />
                      </Table.Td>
                      {write && (
                        <Table.Td ta="end">
                          <Button variant="subtle" size="compact-sm" onClick={() => setRemoving(one)} aria-label={`${t("assign.remove")}: ${words(one.selector)}`}>
                            {t("assign.remove")}
                          </Button>
                        </Table.Td>
                      )}
                    </Table.Tr>
                  ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        )}
      </QueryView>
      <Text size="sm" c="dimmed" maw={720}>
        {t("assign.stays")}
      </Text>
      {adding && <AssignForm document={document} onClose={() => setAdding(false)} />}
      {removing && <TakeBack assignment={removing} onClose={() => setRemoving(undefined)} />}
    </Stack>
  );
}

/** Takes an assignment back, after showing what that changes and what it leaves on the devices. */
function TakeBack({ assignment, onClose }: { assignment: Assignment; onClose: () => void }) {
  const t = useT(configurationsStrings);
  const ui = useT(uiStrings);
  const client = useQueryClient();
  const words = useSelectorWords();
  const preview = api.useQuery("post", "/api/v1/configurations/preview", { body: { unassign: assignment.id } }, { meta: { live: false }, gcTime: 0, staleTime: 0 });
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const remove = async () => {
    setBusy(true);
    setError(undefined);
    try {
      const { error: refused } = await rest.DELETE("/api/v1/assignments/{id}", { params: { path: { id: assignment.id } } });
      if (refused) throw refused;
      notifyDone(t("assign.removed"));
      onClose();
    } catch (thrown) {
      setError(thrown);
    } finally {
      setBusy(false);
      void client.invalidateQueries();
    }
  };
  return (
    <Modal opened onClose={onClose} closeButtonProps={{ "aria-label": ui("close") }} size="lg" title={t("assign.removeTitle")}>
      <Stack>
        <Text size="sm">{t("assign.removeText", { name: assignment.name, selector: words(assignment.selector) })}</Text>
        <Text size="sm" fw={600}>
          {t("assign.stays")}
        </Text>
        {error !== undefined && <ProblemAlert error={error} />}
        <QueryView query={preview}>{(data) => <PreviewPanel preview={data} />}</QueryView>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} data-autofocus>
            {ui("cancel")}
          </Button>
          <Button color="red" loading={busy} disabled={!preview.data} onClick={() => void remove()}>
            {t("assign.remove")}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
