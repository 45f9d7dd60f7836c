import { ActionIcon, Button, Group, Loader, Menu, Popover } from "@mantine/core";
import { IconFilterPlus, IconX } from "@tabler/icons-react";
import { lazy, Suspense, useRef, useState } from "react";
import { useT } from "../../i18n/strings";
import { useMay } from "../../session/useSession";
import classes from "./FilterBar.module.css";
import { filterNames, isNarrowed, nothingChosen, toAddress, type DeviceList, type FilterName } from "./filters";
import { devicesStrings } from "./strings";
import { useFilterWords } from "./useFilterWords";

// Trees, boxes and number fields are loaded when somebody wants to filter.
const loadEditor = () => import("./FilterEditor");
const FilterEditor = lazy(() => loadEditor().then(({ FilterEditor: default_ }) => ({ default: default_ })));

interface Props {
  list: DeviceList;
  /** Changes the address; replace leaves no step for "back". */
  set: (change: Record<string, unknown>, how?: { replace?: boolean }) => void;
}

/** Offered only where a link brought them: the search finds both. */
const notOffered: FilterName[] = ["serial", "asset_tag"];
const ofConfigurations: FilterName[] = ["configuration", "configuration_state"];

/** What narrows the list, as chips: each opens to be changed, and can be taken away. */
export function FilterBar({ list, set }: Props) {
  const t = useT(devicesStrings);
  const may = useMay();
  const [editing, setEditing] = useState<FilterName>();
  const add = useRef<HTMLButtonElement>(null);
  const shown = filterNames.filter((name) => list.chosen[name] || name === editing);
  const hidden = may("configurations.read") ? notOffered : [...notOffered, ...ofConfigurations];
  const left = filterNames.filter((name) => !shown.includes(name) && !hidden.includes(name));
  const remove = (change: Record<string, unknown>) => {
    set(change);
    add.current?.focus();
  };
  return (
    <Group gap="xs" role="group" aria-label={t("filters.label")}>
      {list.q !== undefined && (
        <div className={classes.chip}>
          <span className={classes.text}>{t("filters.search", { q: list.q })}</span>
          <Remove label={t("filters.removeSearch")} onClick={() => remove({ q: undefined })} />
        </div>
      )}
      {shown.map((name) => (
        <FilterChip
          key={name}
          name={name}
          values={list.chosen[name] ?? []}
          open={editing === name}
          onOpen={(open) => setEditing(open ? name : undefined)}
          set={set}
          onLeft={() => add.current?.focus()}
          onRemove={() => {
            setEditing(undefined);
            remove(toAddress(name, []));
          }}
        />
      ))}
      <Menu position="bottom-start" shadow="md" withinPortal returnFocus={false} onOpen={() => void loadEditor()}>
        <Menu.Target>
          <Button ref={add} variant="default" size="xs" leftSection={<IconFilterPlus size={16} aria-hidden />}>
            {t("filters.add")}
          </Button>
        </Menu.Target>
        <Menu.Dropdown mah={440} style={{ overflowY: "auto" }}>
          {left.map((name) => (
            <Menu.Item key={name} onClick={() => setEditing(name)}>
              {t(`filters.${name}`)}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      {isNarrowed(list) && (
        <Button variant="subtle" size="xs" onClick={() => remove(nothingChosen)}>
          {t("filters.clear")}
        </Button>
      )}
    </Group>
  );
}

interface ChipProps {
  name: FilterName;
  values: string[];
  open: boolean;
  onOpen: (open: boolean) => void;
  set: Props["set"];
  onRemove: () => void;
  /** It was closed without a value, and goes away. */
  onLeft: () => void;
}

function FilterChip({ name, values, open, onOpen, set, onRemove, onLeft }: ChipProps) {
  const t = useT(devicesStrings);
  const words = useFilterWords(name, values);
  const text = values.length > 0 ? t("filters.chip", { name: t(`filters.${name}`), values: words.join(", ") }) : t(`filters.${name}`);
  // What one changes at one go is one step for "back".
  const changed = useRef(false);
  const button = useRef<HTMLButtonElement>(null);
  const change = (to: string[]) => {
    set(toAddress(name, to), { replace: changed.current });
    changed.current = true;
  };
  return (
    <Popover
      opened={open}
      onChange={onOpen}
      onOpen={() => (changed.current = false)}
      onClose={() => (values.length > 0 ? button.current?.focus() : onLeft())}
      position="bottom-start"
      shadow="md"
      trapFocus
      withinPortal
    >
      <div className={classes.chip} data-empty={values.length === 0 || undefined}>
        <Popover.Target>
          <button ref={button} type="button" onFocus={() => void loadEditor()} onPointerEnter={() => void loadEditor()} className={classes.button} title={text} onClick={() => onOpen(!open)}>
            {text}
          </button>
        </Popover.Target>
        <Remove label={t("filters.remove", { name: t(`filters.${name}`) })} onClick={onRemove} />
      </div>
      <Popover.Dropdown aria-label={t(`filters.${name}`)}>
        <Suspense fallback={<Loader size="sm" />}>
          <FilterEditor name={name} values={values} onChange={change} onDone={() => onOpen(false)} />
        </Suspense>
      </Popover.Dropdown>
    </Popover>
  );
}

function Remove({ label, onClick }: { label: string; onClick: () => void }) {
  return (
    <ActionIcon variant="subtle" color="gray" size={24} aria-label={label} onClick={onClick}>
      <IconX size={14} aria-hidden />
    </ActionIcon>
  );
}
