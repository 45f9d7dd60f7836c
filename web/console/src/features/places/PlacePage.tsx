import { ActionIcon, Badge, Breadcrumbs, Button, Group, Menu, Stack, Text, Title } from "@mantine/core";
import { IconClipboardText, IconDots, IconHeartbeat } from "@tabler/icons-react";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useMemo } from "react";
import { useT } from "../../i18n/strings";
import { useMay } from "../../session/useSession";
import { Page } from "../../ui/Page";
import { QueryView } from "../../ui/QueryView";
import { RouteButton, RouteLink } from "../../ui/RouteLink";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { useWords } from "../../words/words";
import { AccessPoints } from "./AccessPoints";
import { usePlaceDialogs } from "./dialogs";
import { PlaceDevices } from "./PlaceDevices";
import { PlaceTree } from "./PlaceTree";
import { placesStrings } from "./strings";
import { find, kindBelow, pathTo, treeOf, usePlaces, type Node, type Place } from "./tree";
import { useClosed } from "./useClosed";

/** One place: what belongs to it, what lies in it, and the access points by which devices are heard there. */
export default function PlacePage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const query = usePlaces();
  const roots = useMemo(() => treeOf(query.data?.items ?? []), [query.data]);
  return (
    <QueryView query={query}>
      {(data) => {
        const node = find(roots, id);
        return node ? <Content node={node} places={data.items} /> : <Missing />;
      }}
    </QueryView>
  );
}

function Missing() {
  const t = useT(placesStrings);
  return (
    <Page title={t("title")} above={<Way path={[]} />}>
      <ProblemAlert error={{ code: "not_found", status: 404, detail: "" }} />
    </Page>
  );
}

/** The way down to a place, each step a link. */
export function Way({ path }: { path: Place[] }) {
  const t = useT(placesStrings);
  return (
    <Breadcrumbs separatorMargin={6} style={{ flexWrap: "wrap" }}>
      <RouteLink to="/places" size="sm">
        {t("title")}
      </RouteLink>
      {path.map((place) => (
        <RouteLink to={`/places/${place.id}`} size="sm" key={place.id}>
          {place.name}
        </RouteLink>
      ))}
    </Breadcrumbs>
  );
}

function Content({ node, places }: { node: Node; places: Place[] }) {
  const t = useT(placesStrings);
  const say = useWords();
  const may = useMay();
  const navigate = useNavigate();
  const { place } = node;
  const dialogs = usePlaceDialogs(places, () => void navigate({ to: place.parent_id ? `/places/${place.parent_id}` : "/places" }));
  const below = kindBelow(place.kind);
  const [closed, toggle] = useClosed();
  return (
    <Page
      title={place.name}
      above={<Way path={pathTo(places, place.id).slice(0, -1)} />}
      about={
        <Group component="span" gap="xs">
          {say("placeKind", place.kind)}
          {place.care_area && (
            <Badge component="span" variant="light" color="blue" tt="none" leftSection={<IconHeartbeat size={12} aria-hidden />}>
              {t("careArea")}
            </Badge>
          )}
          <Text component="span" size="sm">
            {t(place.care_area ? "careAreaMeans" : "notCareArea")}
          </Text>
        </Group>
      }
      actions={
        <>
          <RouteButton to={`/places/${place.id}/list`} variant="default" leftSection={<IconClipboardText size={16} aria-hidden />}>
            {t("wardList")}
          </RouteButton>
          {may("places.write") && (
            <Menu position="bottom-end" withArrow>
              <Menu.Target>
                <ActionIcon variant="default" size={36} aria-label={t("actionsOf", { name: place.name })}>
                  <IconDots size={18} aria-hidden />
                </ActionIcon>
              </Menu.Target>
              <Menu.Dropdown>{dialogs.items(node)}</Menu.Dropdown>
            </Menu>
          )}
        </>
      }
    >
      {may("devices.read") && <PlaceDevices node={node} />}
      {below && (
        <Stack gap="xs" component="section" aria-labelledby="places-below">
          <Group justify="space-between">
            <Title order={2} size="h4" id="places-below">
              {t("place.below")}
            </Title>
            {may("places.write") && (
              <Button variant="default" size="xs" onClick={() => dialogs.add(place)}>
                {t(`add.${below}`)}
              </Button>
            )}
          </Group>
          {node.children.length > 0 ? (
            <PlaceTree
              roots={node.children}
              label={t("place.below")}
              closed={closed}
              toggle={toggle}
              menu={(child) => <Menu.Dropdown>{dialogs.items(child)}</Menu.Dropdown>}
            />
          ) : (
            <Text size="sm" c="dimmed">
              {t("place.nothingBelow")}
            </Text>
          )}
        </Stack>
      )}
      <AccessPoints node={node} places={places} />
      {dialogs.open}
    </Page>
  );
}
