import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import { IconCamera, IconDownload, IconPrinter, IconRefresh } from "@tabler/icons-react";
import { useParams } from "@tanstack/react-router";
import { useEffect } from "react";
import { dateTime, number } from "../../i18n/format";
import { useT } from "../../i18n/strings";
import { useMe } from "../../session/useSession";
import { Empty } from "../../ui/Empty";
import { keepCsv } from "../../ui/keepFile";
import { Page } from "../../ui/Page";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { QueryView } from "../../ui/QueryView";
import { csvLine } from "./csv";
import { Way } from "./PlacePage";
import { placesStrings } from "./strings";
import { pathTo, usePlaces, type Place } from "./tree";
import { useDeviceWords } from "./useDeviceWords";
import { groupsOf, most, useSnapshot, type Group as WardGroup, type Snapshot } from "./wardList";
import classes from "./WardList.module.css";
import { WardTable } from "./WardTable";

/** What a ward needs on paper when the network is down. */
export default function WardListPage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const t = useT(placesStrings);
  const places = usePlaces();
  const snapshot = useSnapshot(id);
  return (
    <QueryView query={places}>
      {(data) => {
        const place = data.items.find((p) => p.id === id);
        if (!place) return <ProblemAlert error={{ code: "not_found", status: 404, detail: "" }} />;
        return (
          <Page
            title={t("list.title", { name: place.name })}
            above={
              <div className={classes.screen}>
                <Way path={pathTo(data.items, id)} />
              </div>
            }
            actions={
              <Group gap="xs" className={classes.screen}>
                <Button variant="default" leftSection={<IconRefresh size={16} aria-hidden />} loading={snapshot.isFetching} onClick={() => void snapshot.refetch()}>
                  {t("list.again")}
                </Button>
                {snapshot.data && <CsvButton place={place} places={data.items} snapshot={snapshot.data} />}
                <Button
                  leftSection={<IconPrinter size={16} aria-hidden />}
                  disabled={!snapshot.data || snapshot.data.total === 0 || snapshot.data.total > most}
                  onClick={() => window.print()}
                >
                  {t("list.print")}
                </Button>
              </Group>
            }
          >
            <QueryView query={snapshot}>{(shot) => <List place={place} places={data.items} snapshot={shot} />}</QueryView>
          </Page>
        );
      }}
    </QueryView>
  );
}

interface Props {
  place: Place;
  places: Place[];
  snapshot: Snapshot;
}

function List({ place, places, snapshot }: Props) {
  const t = useT(placesStrings);
  const me = useMe();
  useEffect(() => {
    const { classList } = document.body;
    const paper = classes.paper ?? "";
    classList.add(paper);
    return () => classList.remove(paper);
  }, []);
  if (snapshot.total > most) return <Empty title={t("list.tooMany", { limit: number(most), name: place.name })} />;
  const { groups, without } = groupsOf(places, place.id, snapshot.devices);
  return (
    <Stack className={classes.list}>
      <Alert className={classes.about} variant="light" color="blue" icon={<IconCamera aria-hidden />} title={t("list.snapshot")}>
        <Text size="sm" fw={600}>
          {t("list.readAt", { time: dateTime(snapshot.at) })}
          {". "}
          {t("list.total", { count: snapshot.total })}
          {". "}
          {t("list.printedBy", { name: me.name || me.username })}
          {"."}
        </Text>
        <Text size="sm">{t("list.snapshotText")}</Text>
        {without.length > 0 && (
          <Text size="sm">{place.kind === "ward" ? t("list.nothing") : t("list.without", { names: without.map((p) => p.name).join("; ") })}</Text>
        )}
      </Alert>
      {groups.map((group) => (
        <WardTable key={group.place.id} group={group} at={snapshot.at} />
      ))}
    </Stack>
  );
}

function CsvButton({ place, places, snapshot }: Props) {
  const t = useT(placesStrings);
  const words = useDeviceWords();
  const save = () => {
    const { groups } = groupsOf(places, place.id, snapshot.devices);
    const head = [t("points.place"), t("list.assetTag"), t("list.serial"), t("list.class"), t("list.model"), t("list.holder"), t("list.state")]
      .concat([t("list.lastSeen"), t("list.heardIn"), t("list.csvAsOf")]);
    const rows = (group: WardGroup) =>
      group.devices.map((device) => [
        group.place.words,
        device.asset_tag,
        device.serial,
        words.class(device),
        words.model(device),
        device.owner,
        words.state(device).join("; "),
        device.last_seen_at ?? "",
        words.elsewhere(device) ?? "",
        new Date(snapshot.at).toISOString(),
      ]);
    // The mark at the beginning tells spreadsheets that it is UTF-8.
    keepCsv("\ufeff" + [head, ...groups.flatMap(rows)].map(csvLine).join(""), `${place.name}.csv`);
  };
  return (
    <Button variant="default" leftSection={<IconDownload size={16} aria-hidden />} onClick={save} disabled={snapshot.total === 0 || snapshot.total > most}>
      {t("list.csv")}
    </Button>
  );
}
