import { Group, SegmentedControl, Select, Text } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { api } from "../../api/client";
import { useT } from "../../i18n/strings";
import { useMay } from "../../session/useSession";
import { Empty } from "../../ui/Empty";
import { ListTable, type ColumnDef } from "../../ui/ListTable";
import { Page } from "../../ui/Page";
import { QueryView } from "../../ui/QueryView";
import { RouteButton, RouteLink } from "../../ui/RouteLink";
import { Time } from "../../ui/Time";
import { text, useAddress } from "../../ui/useAddress";
import { About, SeverityBadge, stateOf, type Alert, type Severity } from "./parts";
import { alertsStrings } from "./strings";

interface Filters {
  all: boolean;
  severity?: Severity;
}

function readFilters(raw: Record<string, unknown>): Filters {
  const severity = text(raw, "severity");
  return { all: text(raw, "state") === "all", severity: severity === "critical" || severity === "warning" || severity === "notice" ? severity : undefined };
}

/** What people must hear of: open alerts first. */
export default function AlertsPage() {
  const t = useT(alertsStrings);
  const may = useMay();
  const navigate = useNavigate();
  const [{ all, severity }, set] = useAddress(readFilters);
  const query = api.useInfiniteQuery(
    "get",
    "/api/v1/alerts",
    { params: { query: { ...(!all && { state: "open" as const }), ...(severity && { severity }), limit: 50 } } },
    { pageParamName: "cursor", initialPageParam: "", getNextPageParam: (page) => page.next_cursor || undefined },
  );
  const columns = useColumns();
  const plain = !all && !severity;
  return (
    <Page
      title={t("title")}
      about={t("about")}
      actions={
        may("settings.read") && (
          <RouteButton to="/alert-rules" variant="default">
            {t("rules")}
          </RouteButton>
        )
      }
    >
      <Group gap="sm">
        <SegmentedControl
          aria-label={t("states.label")}
          value={all ? "all" : "open"}
          onChange={(state) => set({ state: state === "all" ? "all" : undefined })}
          data={[
            { value: "open", label: t("states.open") },
            { value: "all", label: t("states.all") },
          ]}
        />
        <Select
          aria-label={t("severities.label")}
          placeholder={t("severities.any")}
          clearable
          value={severity ?? null}
          onChange={(value) => set({ severity: value ?? undefined })}
          data={(["critical", "warning", "notice"] as const).map((value) => ({ value, label: t(`severity.${value}`) }))}
        />
      </Group>
      <QueryView
        query={query}
        isEmpty={(data) => data.pages[0]?.items.length === 0}
        empty={<Empty title={t(plain ? "empty" : "noneMatch")}>{t(plain ? "emptyText" : "noneMatchText")}</Empty>}
      >
        {(data) => (
          <ListTable
            label={t("title")}
            rows={data.pages.flatMap((page) => page.items)}
            columns={columns}
            rowId={(alert) => alert.id}
            narrow={narrow}
            about={`${all} ${severity}`}
            total={data.pages[0]?.total ?? 0}
            more={query.hasNextPage ? () => void query.fetchNextPage() : undefined}
            loadingMore={query.isFetchingNextPage}
            onOpen={(alert) => void navigate({ to: `/alerts/${alert.id}` })}
          />
        )}
      </QueryView>
    </Page>
  );
}

const narrow = { height: 112, cell: (alert: Alert) => <Card alert={alert} /> };

/** An alert on a phone. */
function Card({ alert }: { alert: Alert }) {
  const t = useT(alertsStrings);
  return (
    <>
      <SeverityBadge severity={alert.severity} />{" "}
      <RouteLink to={`/alerts/${alert.id}`} fw={600} size="sm">
        {alert.title}
      </RouteLink>
      <Text size="xs" c="dimmed" truncate>
        <About alert={alert} /> <Time at={alert.raised_at} /> · {stateOf(t, alert)}
      </Text>
    </>
  );
}

function useColumns(): ColumnDef<Alert>[] {
  const t = useT(alertsStrings);
  return useMemo(
    () => [
      { id: "severity", header: t("columns.severity"), cell: ({ row: { original: a } }) => <SeverityBadge severity={a.severity} /> },
      {
        id: "what",
        header: t("columns.what"),
        cell: ({ row: { original: a } }) => (
          <RouteLink to={`/alerts/${a.id}`} fw={a.open ? 600 : undefined}>
            {a.title}
          </RouteLink>
        ),
      },
      { id: "about", header: t("columns.about"), cell: ({ row: { original: a } }) => <About alert={a} /> },
      { id: "when", header: t("columns.when"), cell: ({ row: { original: a } }) => <Time at={a.raised_at} /> },
      { id: "state", header: t("columns.state"), cell: ({ row: { original: a } }) => <Text size="sm">{stateOf(t, a)}</Text> },
    ],
    [t],
  );
}
