import { Button, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPlus } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { api, type Schemas } from "../../api/client";
import { useT } from "../../i18n/strings";
import { useMay } from "../../session/useSession";
import { Empty } from "../../ui/Empty";
import { ListTable, type ColumnDef } from "../../ui/ListTable";
import { later } from "../../ui/later";
import { Page } from "../../ui/Page";
import { QueryView } from "../../ui/QueryView";
import { RouteLink } from "../../ui/RouteLink";
import { useWords } from "../../words/words";
import { DeviceCount } from "./DeviceCount";
import { modelStrings } from "./strings";

const ModelForm = later(() => import("./ModelForm").then((module) => module.ModelForm));

type Model = Schemas["ModelView"];

/** Every model, and what its devices can do. */
export default function ModelsPage() {
  const t = useT(modelStrings);
  const may = useMay();
  const navigate = useNavigate();
  const [adding, dialog] = useDisclosure(false);
  const query = api.useQuery("get", "/api/v1/models", {});
  const columns = useColumns();
  return (
    <Page
      title={t("title")}
      about={t("about")}
      actions={
        may("models.write") && (
          <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={dialog.open}>
            {t("add")}
          </Button>
        )
      }
    >
      <QueryView query={query} isEmpty={(data) => data.items.length === 0} empty={<Empty title={t("empty")}>{t("emptyText")}</Empty>}>
        {(data) => (
          <ListTable
            label={t("title")}
            rows={data.items}
            columns={columns}
            rowId={(m) => m.id}
            total={data.total}
            onOpen={(m) => void navigate({ to: `/models/${m.id}` })}
          />
        )}
      </QueryView>
      <ModelForm opened={adding} onClose={dialog.close} onSaved={(m) => void navigate({ to: `/models/${m.id}` })} />
    </Page>
  );
}

function useColumns(): ColumnDef<Model>[] {
  const t = useT(modelStrings);
  const say = useWords();
  return useMemo(
    () => [
      {
        id: "model",
        header: t("columns.model"),
        cell: ({ row: { original: m } }) => (
          <RouteLink to={`/models/${m.id}`} fw={600} size="sm">
            {`${m.maker} ${m.name}`}
          </RouteLink>
        ),
      },
      { id: "class", header: t("columns.class"), cell: ({ row: { original: m } }) => say("class", m.class) },
      {
        id: "can",
        header: t("columns.can"),
        cell: ({ row: { original: m } }) => (
          <Text size="xs" maw={480} style={{ whiteSpace: "normal" }}>
            {(m.capabilities ?? []).map((kind) => say("kind", kind)).join(", ")}
          </Text>
        ),
      },
      { id: "devices", header: t("columns.devices"), cell: ({ row: { original: m } }) => <DeviceCount model={m.id} /> },
      { id: "cut", header: t("columns.cut"), cell: ({ row: { original: m } }) => t(`cuts.${m.network_cut ?? "unknown"}`) },
    ],
    [t, say],
  );
}
