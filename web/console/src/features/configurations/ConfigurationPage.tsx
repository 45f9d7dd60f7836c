import { Badge, Button, Group, Modal, Stack, Tabs, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import { api, rest } from "../../api/client";
import { useT } from "../../i18n/strings";
import { useMay } from "../../session/useSession";
import { notifyDone } from "../../ui/notify";
import { Page } from "../../ui/Page";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { QueryView } from "../../ui/QueryView";
import { RouteLink } from "../../ui/RouteLink";
import { uiStrings } from "../../ui/strings";
import { text, useAddress } from "../../ui/useAddress";
import { Assignments } from "./Assignments";
import { ContentView } from "./ContentView";
import { DevicesLink } from "./DevicesLink";
import { Editor } from "./Editor";
import type { Content, Document } from "./kinds";
import { configurationsStrings } from "./strings";
import { Versions } from "./Versions";

/** One document: what it says, for whom, and what it said before. */
export default function ConfigurationPage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const query = api.useQuery("get", "/api/v1/configurations/{id}", { params: { path: { id } } });
  return <QueryView query={query}>{(document) => <Screen document={document} />}</QueryView>;
}

const tabs = ["content", "assignments", "versions"] as const;

function Screen({ document }: { document: Document }) {
  const t = useT(configurationsStrings);
  const may = useMay();
  const [address, set] = useAddress((raw) => ({
    tab: tabs.find((tab) => tab === text(raw, "tab")) ?? "content",
    edit: text(raw, "edit"),
    from: Number(text(raw, "from")) || undefined,
    to: Number(text(raw, "to")) || undefined,
  }));
  const [retiring, setRetiring] = useState(false);
  const write = may("configurations.write") && !document.retired;
  const editing = write && address.edit !== undefined;
  return (
    <Page
      title={document.name}
      above={
        <RouteLink to="/configurations" size="sm">
          {t("title")}
        </RouteLink>
      }
      about={
        <Group component="span" gap="xs">
          {t(`kinds.${document.subkind}`)}
          {" · "}
          {t("version", { version: document.version })}
          {document.retired && (
            <Badge component="span" color="gray" variant="light" tt="none">
              {t("retired")}
            </Badge>
          )}
        </Group>
      }
      actions={
        write &&
        !editing && (
          <>
            <Button variant="default" onClick={() => setRetiring(true)}>
              {t("retire")}
            </Button>
            <Button onClick={() => set({ tab: "content", edit: document.version })}>{t("change")}</Button>
          </>
        )
      }
    >
      <Reach document={document} />
      <Tabs value={address.tab} onChange={(tab) => set({ tab: tab === "content" ? undefined : tab, edit: undefined })} keepMounted={false}>
        <Tabs.List mb="md">
          {tabs.map((tab) => (
            <Tabs.Tab value={tab} key={tab}>
              {t(`tabs.${tab}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="content">
          {editing ? (
            <EditorFrom document={document} version={Number(address.edit)} onClose={() => set({ edit: undefined })} />
          ) : (
            <ContentView subkind={document.subkind} content={document.content as Content} />
          )}
        </Tabs.Panel>
        <Tabs.Panel value="assignments">
          <Assignments document={document} />
        </Tabs.Panel>
        <Tabs.Panel value="versions">
          <Versions
            document={document}
            from={address.from}
            to={address.to}
            compare={(from, to) => set({ from, to }, { replace: true })}
            draft={write ? (version) => set({ tab: undefined, edit: version }) : undefined}
          />
        </Tabs.Panel>
      </Tabs>
      {retiring && <Retire document={document} onClose={() => setRetiring(false)} />}
    </Page>
  );
}

/** On how many devices it is in force. */
function Reach({ document }: { document: Document }) {
  const t = useT(configurationsStrings);
  const { devices_in_force: inForce, devices_drifting: drifting } = document;
  if (inForce + drifting === 0) return <Text size="sm">{t("meantForNone")}</Text>;
  return (
    <div>
      <Text fw={600}>
        <DevicesLink id={document.id} state="in_force">
          {t("inForce", { count: inForce })}
        </DevicesLink>
      </Text>
      {drifting > 0 ? (
        <>
          <Text fw={600}>
            <DevicesLink id={document.id} state="drifting">
              {t("drifting", { count: drifting })}
            </DevicesLink>
          </Text>
          <Text size="sm" c="dimmed">
            {t("driftMeans")}
          </Text>
        </>
      ) : (
        <Text size="sm" c="dimmed">
          {t("allInForce")}
        </Text>
      )}
    </div>
  );
}

/** The form, with what the document says now or what an earlier version said. */
function EditorFrom({ document, version, onClose }: { document: Document; version: number; onClose: () => void }) {
  const earlier = version !== document.version;
  const versions = api.useQuery("get", "/api/v1/configurations/{id}/versions", { params: { path: { id: document.id } } });
  // The form keeps what it began with: somebody else's version must not replace what is typed.
  return (
    <QueryView query={versions}>
      {(data) => {
        const source = data.items.find((one) => one.version === version);
        return (
          <Editor key={version} document={document} from={(source?.content ?? document.content) as Content} fromVersion={earlier && source ? version : undefined} onClose={onClose} />
        );
      }}
    </QueryView>
  );
}

function Retire({ document, onClose }: { document: Document; onClose: () => void }) {
  const t = useT(configurationsStrings);
  const ui = useT(uiStrings);
  const client = useQueryClient();
  const assignments = api.useQuery("get", "/api/v1/assignments");
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const assigned = assignments.data?.items.some((one) => one.document_id === document.id);
  const retire = async () => {
    setBusy(true);
    setError(undefined);
    try {
      const { error: refused } = await rest.POST("/api/v1/configurations/{id}/retire", { params: { path: { id: document.id } } });
      if (refused) throw refused;
      notifyDone(t("retiredDone", { name: document.name }));
      onClose();
    } catch (thrown) {
      setError(thrown);
    } finally {
      setBusy(false);
      void client.invalidateQueries();
    }
  };
  return (
    <Modal opened onClose={onClose} closeButtonProps={{ "aria-label": ui("close") }} title={t("retireTitle", { name: document.name })}>
      <Stack>
        {error !== undefined && <ProblemAlert error={error} />}
        <Text size="sm">{t(assigned ? "retireCannot" : "retireText")}</Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} data-autofocus>
            {ui(assigned ? "close" : "cancel")}
          </Button>
          {!assigned && (
            <Button color="red" loading={busy} disabled={!assignments.data} onClick={() => void retire()}>
              {t("retire")}
            </Button>
          )}
        </Group>
      </Stack>
    </Modal>
  );
}
