import { Group, ScrollArea, Stack, Text, TextInput, Tree, useTree, type TreeNodeData } from "@mantine/core";
import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import type { Schemas } from "../../api/client";
import { useT } from "../../i18n/strings";
import { Empty } from "../../ui/Empty";
import { QueryView } from "../../ui/QueryView";
import { useWords } from "../../words/words";
import { devicesStrings } from "./strings";
import { usePlaces } from "./usePlaces";

type Place = Schemas["PlaceView"];

interface Props {
  value: string | undefined;
  onChoose: (place: string) => void;
}

/** Chooses a place in the tree of places; everything below it is meant too. */
export function PlaceTree({ value, onChoose }: Props) {
  const t = useT(devicesStrings);
  const places = usePlaces();
  return (
    <QueryView query={places} isEmpty={(data) => data.length === 0} empty={<Empty title={t("filters.noPlaces")} />}>
      {(data) => <Branches places={data} value={value} onChoose={onChoose} />}
    </QueryView>
  );
}

function Branches({ places, value, onChoose }: Props & { places: Place[] }) {
  const t = useT(devicesStrings);
  const say = useWords();
  const [narrow, setNarrow] = useState("");
  const tree = useTree({
    initialExpandedState: Object.fromEntries(places.filter((place) => place.kind !== "floor" || places.length < 40).map(({ id }) => [id, true])),
    initialSelectedState: value ? [value] : [],
  });
  const data = useMemo(() => branches(places, narrow), [places, narrow]);
  return (
    <Stack gap="xs" w={300} maw="80vw">
      <TextInput size="xs" aria-label={t("filters.narrow")} placeholder={t("filters.narrow")} value={narrow} onChange={(e) => setNarrow(e.currentTarget.value)} data-autofocus />
      {data.length === 0 && (
        <Text size="sm" c="dimmed">
          {t("filters.noPlaceMatches")}
        </Text>
      )}
      <ScrollArea.Autosize mah={320}>
        <Tree
          aria-label={t("filters.place_id")}
          data={data}
          tree={tree}
          expandOnClick={false}
          renderNode={({ node, expanded, hasChildren, elementProps }) => (
            <Group
              {...elementProps}
              gap={4}
              wrap="nowrap"
              mih={28}
              onClick={() => onChoose(node.value)}
              onKeyDown={(event) => {
                if (event.key === "Enter") onChoose(node.value);
              }}
            >
              {hasChildren ? (
                <span
                  aria-hidden
                  onClick={(event) => {
                    event.stopPropagation();
                    tree.toggleExpanded(node.value);
                  }}
                >
                  {expanded ? <IconChevronDown size={16} /> : <IconChevronRight size={16} />}
                </span>
              ) : (
                <span style={{ width: 16 }} />
              )}
              <Text size="sm" fw={node.value === value ? 600 : undefined}>
                {node.label}
              </Text>
              <Text size="xs" c="dimmed">
                {say("placeKind", String(node.nodeProps?.kind))}
              </Text>
            </Group>
          )}
        />
      </ScrollArea.Autosize>
    </Stack>
  );
}

/** The tree, or those branches of it in which a name matches. */
function branches(places: Place[], narrow: string): TreeNodeData[] {
  const wanted = narrow.trim().toLowerCase();
  const below = (parent: string): TreeNodeData[] =>
    places
      .filter((place) => place.parent_id === parent)
      .map((place) => ({ place, children: below(place.id) }))
      .filter(({ place, children }) => !wanted || children.length > 0 || place.words.toLowerCase().includes(wanted))
      .map(({ place, children }) => ({ value: place.id, label: place.name, nodeProps: { kind: place.kind }, children: children.length > 0 ? children : undefined }));
  return below("");
}
