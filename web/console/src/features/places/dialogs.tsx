import { Menu } from "@mantine/core";
import { IconClipboardText, IconPencil, IconPlus, IconTrash } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import { useT } from "../../i18n/strings";
import { useMay } from "../../session/useSession";
import { PlaceForm } from "./PlaceForm";
import { RemovePlace } from "./RemovePlace";
import { placesStrings } from "./strings";
import { kindBelow, type Node, type Place } from "./tree";

type Open = { what: "add"; parent: Place | undefined } | { what: "edit" | "remove"; node: Node };

interface Dialogs {
  /** Opens the form for a place below `parent`; for a site when there is none. */
  add: (parent: Place | undefined) => void;
  edit: (node: Node) => void;
  remove: (node: Node) => void;
  /** What a place's menu offers to whoever is signed in. */
  items: (node: Node) => ReactNode;
  /** The dialog that is open; stands somewhere on the screen. */
  open: ReactNode;
}

/** Adding, changing and removing places: the same dialogs in the tree and on a place's own page. */
export function usePlaceDialogs(places: Place[], removed?: () => void): Dialogs {
  const t = useT(placesStrings);
  const may = useMay();
  const navigate = useNavigate();
  const [open, setOpen] = useState<Open>();
  const close = () => setOpen(undefined);
  const add = (parent: Place | undefined) => setOpen({ what: "add", parent });
  const edit = (node: Node) => setOpen({ what: "edit", node });
  const remove = (node: Node) => setOpen({ what: "remove", node });
  const items = (node: Node) => {
    const below = kindBelow(node.place.kind);
    return (
      <>
        <Menu.Item leftSection={<IconClipboardText size={16} aria-hidden />} onClick={() => void navigate({ to: `/places/${node.place.id}/list` })}>
          {t("wardList")}
        </Menu.Item>
        {may("places.write") && (
          <>
            <Menu.Divider />
            {below && (
              <Menu.Item leftSection={<IconPlus size={16} aria-hidden />} onClick={() => add(node.place)}>
                {t(`add.${below}`)}
              </Menu.Item>
            )}
            <Menu.Item leftSection={<IconPencil size={16} aria-hidden />} onClick={() => edit(node)}>
              {t("edit")}
            </Menu.Item>
            <Menu.Item leftSection={<IconTrash size={16} aria-hidden />} onClick={() => remove(node)}>
              {t("remove")}
            </Menu.Item>
          </>
        )}
      </>
    );
  };
  return {
    add,
    edit,
    remove,
    items,
    open: (
      <>
        {open?.what === "add" && <PlaceForm places={places} parent={open.parent} onClose={close} />}
        {open?.what === "edit" && <PlaceForm places={places} place={open.node.place} onClose={close} />}
        {open?.what === "remove" && <RemovePlace node={open.node} onClose={close} onRemoved={removed} />}
      </>
    ),
  };
}
