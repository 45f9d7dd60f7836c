import { Combobox, Group, Loader, Text, TextInput, useCombobox, VisuallyHidden } from "@mantine/core";
import { useDebouncedValue, useHotkeys } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { api, type Schemas } from "../api/client";
import { problemOf } from "../api/problem";
import { useT } from "../i18n/strings";
import { HoldBadge } from "../ui/badges";
import { withSeparator } from "../ui/scan";
import { useWords } from "../words/words";
import { findDevice } from "./findDevice";
import { appStrings } from "./strings";

const shown = 8;
const all = "all";

/**
 * The one search and scan box: what a scanner types and ends with Enter is found
 * as well as what a person types. One match opens the device, several are listed.
 */
export function SearchBox() {
  const t = useT(appStrings);
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState("");
  const [wanted, setWanted] = useState(false);
  const [settled] = useDebouncedValue(text.trim(), 200);
  const found = api.useQuery(
    "get",
    "/api/v1/devices",
    { params: { query: { q: settled, limit: shown } } },
    // A scan is over before this would ask; a barcode's fault is told by Enter.
    { enabled: wanted && settled.length > 1, staleTime: 5_000, retry: false, meta: { live: false } },
  );
  const listed = settled.length > 1 && settled === text.trim() ? found.data : undefined;
  const opened = wanted && listed !== undefined;
  const box = useCombobox({ opened, onDropdownClose: () => box.resetSelectedOption() });
  useHotkeys([["/", () => input.current?.focus()]]);

  const leave = () => {
    setText("");
    setWanted(false);
    input.current?.blur();
  };
  const { open, list, enter, asking, problem, forget } = useFinding(leave, () => input.current?.select());
  const type = (to: string) => {
    setText(to);
    setWanted(true);
    forget();
    box.resetSelectedOption();
  };
  return (
    <Combobox store={box} onOptionSubmit={(value) => (value === all ? list(settled) : open(value))} shadow="md">
      <Combobox.Target withExpandedAttribute>
        <TextInput
          ref={input}
          type="search"
          aria-label={t("search.label")}
          aria-autocomplete="list"
          placeholder={t("search.placeholder")}
          leftSection={<IconSearch size={16} aria-hidden />}
          rightSection={asking || (wanted && found.isFetching) ? <Loader size={14} aria-label={t("search.searching")} /> : null}
          value={text}
          error={problem}
          errorProps={{ role: "alert" }}
          styles={{ error: { position: "absolute", zIndex: 200, background: "var(--mantine-color-body)", padding: "4px 8px", borderRadius: 4 } }}
          maxLength={400}
          autoCapitalize="none"
          autoCorrect="off"
          spellCheck={false}
          onChange={(event) => type(event.currentTarget.value)}
          onFocus={() => setWanted(true)}
          onBlur={() => {
            setWanted(false);
            forget();
          }}
          onKeyDown={(event) => {
            const scanned = withSeparator(event);
            if (scanned !== undefined) type(scanned);
            if (event.key === "Escape") leave();
            const typed = event.currentTarget.value.trim();
            if (event.key === "Enter" && typed && !(opened && box.getSelectedOptionIndex() >= 0)) {
              event.preventDefault();
              void enter(typed);
            }
          }}
        />
      </Combobox.Target>
      <VisuallyHidden role="status">{opened ? t("search.found", { count: listed.total }) : ""}</VisuallyHidden>
      <Combobox.Dropdown>
        <Combobox.Options aria-label={t("search.hits")}>
          {listed?.items.map((device) => (
            <Combobox.Option value={device.id} key={device.id}>
              <Hit device={device} />
            </Combobox.Option>
          ))}
          {listed?.items.length === 0 && <Combobox.Empty>{t("search.nothing", { q: settled })}</Combobox.Empty>}
          {(listed?.total ?? 0) > shown && <Combobox.Option value={all}>{t("search.all", { count: listed?.total ?? 0 })}</Combobox.Option>}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  );
}

/** What Enter does: a scanner is faster than the list below the box, so it asks for itself. */
function useFinding(leave: () => void, again: () => void) {
  const t = useT(appStrings);
  const navigate = useNavigate();
  const [asking, setAsking] = useState(false);
  const [problem, setProblem] = useState<string>();
  const turn = useRef(0);
  const open = (id: string) => {
    leave();
    void navigate({ to: `/devices/${id}` });
  };
  const list = (q: string) => {
    leave();
    void navigate({ to: "/devices", search: { q } as never });
  };
  const enter = async (q: string) => {
    const mine = ++turn.current;
    setAsking(true);
    setProblem(undefined);
    try {
      const device = await findDevice(q);
      if (mine !== turn.current) return; // the next thing was scanned meanwhile
      if (device) open(device.id);
      else list(q);
    } catch (error) {
      if (mine !== turn.current) return;
      const told = problemOf(error);
      setProblem(told.errors?.[0]?.detail || told.detail || t("search.failed"));
      again();
    } finally {
      if (mine === turn.current) setAsking(false);
    }
  };
  const forget = () => {
    turn.current++;
    setAsking(false);
    setProblem(undefined);
  };
  return { open, list, enter, asking, problem, forget };
}

function Hit({ device }: { device: Schemas["DeviceView"] }) {
  const say = useWords();
  return (
    <Group justify="space-between" wrap="nowrap" gap="xs">
      <div>
        <Text size="sm" fw={600}>
          {device.serial}
          {device.asset_tag ? ` · ${device.asset_tag}` : ""}
        </Text>
        <Text size="xs" c="dimmed">
          {[say("class", device.class), device.owner, device.place?.words].filter(Boolean).join(" · ")}
        </Text>
      </div>
      {device.holds.map((hold) => (
        <HoldBadge kind={hold.kind} key={hold.kind} />
      ))}
    </Group>
  );
}
