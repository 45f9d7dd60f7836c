import { Button, Group, Menu, TextInput } from "@mantine/core";
import { IconFileImport, IconMapPin, IconPlus, IconSearch } from "@tabler/icons-react";
import { useMemo } from "react";
import { useT } from "../../i18n/strings";
import { useMay } from "../../session/useSession";
import { Empty } from "../../ui/Empty";
import { Page } from "../../ui/Page";
import { QueryView } from "../../ui/QueryView";
import { RouteButton } from "../../ui/RouteLink";
import { text, useAddress } from "../../ui/useAddress";
import { usePlaceDialogs } from "./dialogs";
import { PlaceTree } from "./PlaceTree";
import { placesStrings } from "./strings";
import { matching, treeOf, usePlaces } from "./tree";
import { useClosed } from "./useClosed";

/** The tree of places. */
export default function PlacesPage() {
  const t = useT(placesStrings);
  const may = useMay();
  const query = usePlaces();
  const dialogs = usePlaceDialogs(query.data?.items ?? []);
  const [{ q }, set] = useAddress((raw) => ({ q: text(raw, "q") ?? "" }));
  const roots = useMemo(() => treeOf(query.data?.items ?? []), [query.data]);
  const [closed, toggle, setClosed] = useClosed();
  const found = useMemo(() => matching(roots, q), [roots, q]);
  const write = may("places.write");
  const addSite = write && (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => dialogs.add(undefined)}>
      {t("add.site")}
    </Button>
  );
  return (
    <Page
      title={t("title")}
      about={t("about")}
      actions={
        write && (
          <>
            <RouteButton to="/places/import" variant="default" leftSection={<IconFileImport size={16} aria-hidden />}>
              {t("importAccessPoints")}
            </RouteButton>
            {addSite}
          </>
        )
      }
    >
      <QueryView query={query} isEmpty={(data) => data.items.length === 0} empty={<Empty icon={IconMapPin} title={t("empty")}>{t("emptyText")}</Empty>}>
        {(data) => (
          <>
            <Group justify="space-between">
              <TextInput
                type="search"
                aria-label={t("search")}
                placeholder={t("searchHint")}
                leftSection={<IconSearch size={16} aria-hidden />}
                w={{ base: "100%", xs: 360 }}
                value={q}
                onChange={(event) => set({ q: event.currentTarget.value || undefined }, { replace: true })}
              />
              {q === "" && (
                <Button
                  variant="subtle"
                  size="compact-sm"
                  onClick={() => setClosed(closed.size > 0 ? [] : data.items.filter((p) => p.kind !== "ward").map((p) => p.id))}
                >
                  {closed.size > 0 ? t("expandAll") : t("collapseAll")}
                </Button>
              )}
            </Group>
            {found.length === 0 ? (
              <Empty icon={IconSearch} title={t("nothingFound", { q })} />
            ) : (
              <PlaceTree
                roots={found}
                label={t("all")}
                // What is searched for is shown, wherever it lies.
                closed={q === "" ? closed : new Set()}
                toggle={toggle}
                menu={(node) => <Menu.Dropdown>{dialogs.items(node)}</Menu.Dropdown>}
              />
            )}
          </>
        )}
      </QueryView>
      {dialogs.open}
    </Page>
  );
}
