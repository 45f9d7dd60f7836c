import { Combobox, Group, Loader, Text, TextInput, useCombobox } from "@mantine/core";
import { useDebouncedValue, useHotkeys } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { api, rest, type Schemas } from "../api/client";
import { useT } from "../i18n/strings";
import { HoldBadge } from "../ui/badges";
import { useWords } from "../words/words";
import { appStrings } from "./strings";

const shown = 8;
const all = "all";

/**
 * The one search and scan box: what a scanner types and ends with Enter is found
 * as well as what a person types. One match opens the device, several are listed.
 */
export function SearchBox() {
  const t = useT(appStrings);
  const navigate = useNavigate();
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState("");
  const [settled] = useDebouncedValue(text.trim(), 200);
  const box = useCombobox({ onDropdownClose: () => box.resetSelectedOption() });
  const found = api.useQuery("get", "/api/v1/devices", { params: { query: { q: settled, limit: shown } } }, { enabled: settled.length > 1, staleTime: 5_000 });
  useHotkeys([["/", () => input.current?.focus()]]);

  const leave = () => {
    setText("");
    box.closeDropdown();
    input.current?.blur();
  };
  const open = (id: string) => {
    leave();
    void navigate({ to: `/devices/${id}` });
  };
  const list = (q: string) => {
    leave();
    void navigate({ to: "/devices", search: { q } as never });
  };
  // A scanner is faster than the list below the box: Enter asks for itself.
  const enter = async (q: string) => {
    const { data } = await rest.GET("/api/v1/devices", { params: { query: { q, limit: 2 } } });
    const only = data?.items.length === 1 ? data.items[0] : undefined;
    if (only) open(only.id);
    else list(q);
  };

  return (
    <Combobox store={box} onOptionSubmit={(value) => (value === all ? list(settled) : open(value))} shadow="md">
      <Combobox.Target>
        <TextInput
          ref={input}
          type="search"
          aria-label={t("search.label")}
          placeholder={t("search.placeholder")}
          leftSection={<IconSearch size={16} aria-hidden />}
          rightSection={found.isFetching ? <Loader size={14} /> : null}
          value={text}
          maxLength={200}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => {
            setText(event.currentTarget.value);
            box.openDropdown();
          }}
          onFocus={() => text && box.openDropdown()}
          onBlur={() => box.closeDropdown()}
          onKeyDown={(event) => {
            if (event.key === "Escape") leave();
            if (event.key === "Enter" && text.trim() && box.getSelectedOptionIndex() < 0) {
              event.preventDefault();
              void enter(text.trim());
            }
          }}
        />
      </Combobox.Target>
      <Combobox.Dropdown hidden={settled.length < 2 || !found.data}>
        <Combobox.Options>
          {found.data?.items.map((device) => (
            <Combobox.Option value={device.id} key={device.id}>
              <Hit device={device} />
            </Combobox.Option>
          ))}
          {found.data?.items.length === 0 && <Combobox.Empty>{t("search.nothing", { q: settled })}</Combobox.Empty>}
          {(found.data?.total ?? 0) > shown && <Combobox.Option value={all}>{t("search.all", { count: found.data?.total ?? 0 })}</Combobox.Option>}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  );
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
