import { Alert, Button, Group } from "@mantine/core";
import { IconFileImport } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useEffect, useMemo } from "react";
import { number } from "../../i18n/format";
import { useT } from "../../i18n/strings";
import { useMay } from "../../session/useSession";
import { Empty } from "../../ui/Empty";
import { ListTable } from "../../ui/ListTable";
import { Page } from "../../ui/Page";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { QueryView } from "../../ui/QueryView";
import { RouteButton } from "../../ui/RouteLink";
import { uiStrings } from "../../ui/strings";
import { useAddress } from "../../ui/useAddress";
import { ColumnMenu } from "./ColumnMenu";
import { Card, useColumnChoice, useColumns } from "./columns";
import { ExportButton } from "./ExportButton";
import { FilterBar } from "./FilterBar";
import { isNarrowed, nothingChosen, readAddress, toQuery, type DeviceList } from "./filters";
import { devicesStrings } from "./strings";
import { useDeviceList, type Device } from "./useDeviceList";
import { useSelection } from "./useSelection";

// Loaded with the first device that is chosen.
const SelectionBar = lazy(() => import("./SelectionBar"));

const narrow = { height: 86, cell: (device: Device) => <Card device={device} /> };
const idOf = (device: Device) => device.id;

/** The inventory: narrowed and sorted as its address says. */
export default function DevicesPage() {
  const t = useT(devicesStrings);
  const may = useMay();
  const [address, set] = useAddress(readAddress);
  const name = JSON.stringify(address);
  const list = useMemo(() => JSON.parse(name) as DeviceList, [name]);
  // "Silent for a day" is counted anew each time the list changes, not while one reads it.
  const query = useMemo(() => toQuery(list), [list]);
  const found = useDeviceList(query);
  const choice = useColumnChoice();
  return (
    <Page
      title={t("title")}
      actions={
        <>
          {may("devices.export") && <ExportButton query={query} total={found.total} />}
          <ColumnMenu {...choice} />
          {may("devices.create") && (
            <RouteButton to="/devices/import" variant="default" size="xs" leftSection={<IconFileImport size={16} aria-hidden />}>
              {t("add")}
            </RouteButton>
          )}
        </>
      }
    >
      <FilterBar list={list} set={set} />
      <QueryView query={found.list} isEmpty={(pages) => pages[0]?.page.items.length === 0} empty={<NoDevices list={list} set={set} />}>
        {() => <Devices found={found} list={list} query={query} columns={choice.chosen} set={set} />}
      </QueryView>
      {found.list.error && isNarrowed(list) && !found.list.data ? (
        <Group>
          <Button variant="default" onClick={() => set(nothingChosen)}>
            {t("filters.clear")}
          </Button>
        </Group>
      ) : null}
    </Page>
  );
}

type Set = (change: Record<string, unknown>, how?: { replace?: boolean }) => void;

interface DevicesProps {
  found: ReturnType<typeof useDeviceList>;
  list: DeviceList;
  query: ReturnType<typeof toQuery>;
  columns: ReturnType<typeof useColumnChoice>["chosen"];
  set: Set;
}

function Devices({ found, list, query, columns, set }: DevicesProps) {
  const t = useT(devicesStrings);
  const ui = useT(uiStrings);
  const navigate = useNavigate();
  const may = useMay();
  const shown = useColumns(columns);
  const { sort, ...narrowing } = list;
  const label = useCallback((device: Device) => ui("select", { what: device.asset_tag || device.serial }), [ui]);
  const { selection, devices, replace, clear } = useSelection(found.rows, JSON.stringify(narrowing), label);
  const { more, list: read } = found;
  useEffect(() => {
    document.documentElement.style.setProperty("--list-around", devices.length > 0 ? "320px" : "260px");
    return () => void document.documentElement.style.removeProperty("--list-around");
  }, [devices.length]);
  return (
    <>
      <ListTable
        label={t("title")}
        rows={found.rows}
        columns={shown}
        rowId={idOf}
        total={found.total}
        more={found.hasMore && !found.addError && !found.full ? more : undefined}
        loadingMore={found.adding}
        onOpen={(device) => void navigate({ to: `/devices/${device.id}` })}
        sort={sort ?? "serial"}
        onSort={(to) => set({ sort: to === "serial" ? undefined : to })}
        selection={may("commands.batch") ? selection : undefined}
        narrow={narrow}
        about={JSON.stringify(list)}
        stale={found.stale && read.isFetching}
        onSight={found.onSight}
        footer={found.full && found.hasMore ? <Alert color="gray" p="xs">{ui("tooMany", { shown: number(found.rows.length) })}</Alert> : null}
      />
      {found.addError ? <ProblemAlert reading error={found.addError} retry={() => void more()} /> : null}
      <Suspense fallback={null}>
        {devices.length > 0 && <SelectionBar devices={devices} query={query} total={found.total} onChoose={replace} onClear={clear} />}
      </Suspense>
    </>
  );
}

function NoDevices({ list, set }: { list: DeviceList; set: Set }) {
  const t = useT(devicesStrings);
  const may = useMay();
  if (isNarrowed(list)) {
    return (
      <Empty title={t("noMatch")}>
        {t("noMatchText")}
        <div>
          <Button mt="sm" variant="default" onClick={() => set(nothingChosen)}>
            {t("filters.clear")}
          </Button>
        </div>
      </Empty>
    );
  }
  return (
    <Empty title={t("empty")}>
      {t("emptyText")}
      {may("devices.create") && (
        <div>
          <RouteButton to="/devices/import" mt="sm">
            {t("add")}
          </RouteButton>
        </div>
      )}
    </Empty>
  );
}
