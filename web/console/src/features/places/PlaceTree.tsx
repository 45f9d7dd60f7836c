import { ActionIcon, Badge, Menu, Text } from "@mantine/core";
import { IconBuilding, IconBuildingHospital, IconChevronRight, IconDots, IconHeartbeat, IconMapPin, IconStairs, type Icon } from "@tabler/icons-react";
import type { KeyboardEvent, ReactNode } from "react";
import { useT } from "../../i18n/strings";
import { RouteLink } from "../../ui/RouteLink";
import { useWords } from "../../words/words";
import classes from "./PlaceTree.module.css";
import { placesStrings } from "./strings";
import type { Node, PlaceKind } from "./tree";

const icons: Record<PlaceKind, Icon> = { site: IconMapPin, building: IconBuildingHospital, floor: IconStairs, ward: IconBuilding };

interface Props {
  roots: Node[];
  label: string;
  closed: ReadonlySet<string>;
  toggle: (id: string) => void;
  menu?: (node: Node) => ReactNode;
}

/**
 * Places as lists within lists, each opened and closed by a button of its own.
 * The arrow keys walk over the rows as in a tree; everything is also in the
 * order of the tab key.
 */
export function PlaceTree({ label, roots, ...rest }: Props) {
  return (
    <nav aria-label={label} className={classes.tree}>
      <Level nodes={roots} {...rest} />
    </nav>
  );
}

function Level({ nodes, ...rest }: Omit<Props, "roots" | "label"> & { nodes: Node[] }) {
  return (
    <ul>
      {nodes.map((node) => (
        <li key={node.place.id}>
          <Row node={node} {...rest} />
          {node.children.length > 0 && !rest.closed.has(node.place.id) && <Level nodes={node.children} {...rest} />}
        </li>
      ))}
    </ul>
  );
}

function Row({ node, closed, toggle, menu }: Omit<Props, "roots" | "label"> & { node: Node }) {
  const t = useT(placesStrings);
  const say = useWords();
  const { place, children, devices } = node;
  const Icon = icons[place.kind];
  const isOpen = !closed.has(place.id);
  const keys = (event: KeyboardEvent<HTMLDivElement>) => {
    if (event.key === "ArrowRight" && children.length > 0 && !isOpen) toggle(place.id);
    else if (event.key === "ArrowLeft" && children.length > 0 && isOpen) toggle(place.id);
    else if (event.key === "ArrowDown") walk(event, 1);
    else if (event.key === "ArrowUp") walk(event, -1);
    else return;
    event.preventDefault();
  };
  return (
    // The keys are a second way: each of the row's parts is a button or a link.
    // eslint-disable-next-line jsx-a11y/no-static-element-interactions
    <div className={classes.row} onKeyDown={keys} data-row>
      {children.length > 0 ? (
        <ActionIcon
          variant="subtle"
          color="gray"
          size={24}
          aria-expanded={isOpen}
          aria-label={t("open", { name: place.name })}
          onClick={() => toggle(place.id)}
        >
          <IconChevronRight size={16} aria-hidden className={classes.chevron} data-open={isOpen || undefined} />
        </ActionIcon>
      ) : (
        <span className={classes.noChevron} />
      )}
      <Icon size={18} aria-hidden className={classes.icon} />
      <RouteLink to={`/places/${place.id}`} className={classes.name} data-place>
        {place.name}
      </RouteLink>
      <Text size="xs" c="dimmed" visibleFrom="xs">
        {say("placeKind", place.kind)}
      </Text>
      {place.care_area && (
        <Badge size="sm" variant="light" color="blue" tt="none" leftSection={<IconHeartbeat size={12} aria-hidden />} title={t("careAreaMeans")} visibleFrom="sm">
          {t("careArea")}
        </Badge>
      )}
      <span className={classes.end}>
        {devices > 0 ? (
          <RouteLink to="/devices" search={{ place_id: place.id } as never} size="sm" aria-label={`${t("devicesIn", { name: place.name })}: ${t("devices", { count: devices })}`}>
            {t("devices", { count: devices })}
          </RouteLink>
        ) : (
          <Text size="sm" c="dimmed">
            {t("devices", { count: 0 })}
          </Text>
        )}
        {menu && (
          <Menu position="bottom-end" withArrow>
            <Menu.Target>
              <ActionIcon variant="subtle" color="gray" aria-label={t("actionsOf", { name: place.name })}>
                <IconDots size={18} aria-hidden />
              </ActionIcon>
            </Menu.Target>
            {menu(node)}
          </Menu>
        )}
      </span>
    </div>
  );
}

/** Moves the focus to the link of the row above or below. */
function walk(event: KeyboardEvent<HTMLDivElement>, step: number) {
  const tree = event.currentTarget.closest("nav");
  const rows = [...(tree?.querySelectorAll("[data-row]") ?? [])];
  rows[rows.indexOf(event.currentTarget) + step]?.querySelector<HTMLElement>("[data-place]")?.focus();
}
