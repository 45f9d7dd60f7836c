import { Button, Checkbox, Group, NumberInput, Radio, ScrollArea, Stack, TextInput } from "@mantine/core";
import { useEffect, useRef, useState, type ReactNode } from "react";
import { api } from "../../api/client";
import { useT } from "../../i18n/strings";
import { QueryView } from "../../ui/QueryView";
import { useWords, valuesOf } from "../../words/words";
import { filters, type FilterName } from "./filters";
import { PlaceTree } from "./PlaceTree";
import { devicesStrings } from "./strings";
import { silenceHours, useSilenceWords } from "./useFilterWords";

interface Props {
  name: FilterName;
  values: string[];
  onChange: (values: string[]) => void;
  /** Closes the editor. */
  onDone: () => void;
}

/** Changes one filter. Boxes act at once; what is typed acts with Enter. */
export function FilterEditor(props: Props) {
  const box = useRef<HTMLDivElement>(null);
  // It may be loaded after the popover took the focus.
  useEffect(() => {
    if (box.current && !box.current.contains(document.activeElement)) box.current.querySelector<HTMLElement>("[data-autofocus], input")?.focus();
  }, []);
  return (
    <div ref={box}>
      <Editor {...props} />
    </div>
  );
}

function Editor({ name, values, onChange, onDone }: Props) {
  const t = useT(devicesStrings);
  const filter = filters[name];
  const choose = (value: string) => {
    onChange([value]);
    onDone();
  };
  switch (filter.by) {
    case "words":
      return <WordBoxes list={filter.list} label={t(`filters.${name}`)} values={values} onChange={onChange} />;
    case "model":
      return <ModelBoxes label={t(`filters.${name}`)} values={values} onChange={onChange} />;
    case "configuration":
      return <ConfigurationBoxes label={t(`filters.${name}`)} values={values} onChange={onChange} />;
    case "place":
      return <PlaceTree value={values[0]} onChoose={choose} />;
    case "silence":
      return <Silence value={values[0]} onChoose={choose} />;
    case "days":
      return <Days value={values[0]} onChoose={choose} />;
    case "text":
      return (
        <Typed label={t(`filters.${name}`)} hint={"many" in filter ? t("filters.severalHint") : undefined} value={values.join(", ")} onEnter={choose} />
      );
  }
}

type Boxes = Omit<Props, "name" | "onDone"> & { label: string };

function WordBoxes({ list, ...boxes }: Boxes & { list: Parameters<ReturnType<typeof useWords>>[0] }) {
  const say = useWords();
  return <BoxList {...boxes} options={valuesOf(list).map((value) => ({ value, label: say(list, value) }))} />;
}

function ModelBoxes(boxes: Boxes) {
  const models = api.useQuery("get", "/api/v1/models", { params: { query: { limit: 200 } } }, { staleTime: 60_000 });
  return (
    <QueryView query={models}>
      {(data) => <BoxList {...boxes} options={data.items.map((model) => ({ value: model.id, label: `${model.maker} ${model.name}` }))} />}
    </QueryView>
  );
}

function ConfigurationBoxes(boxes: Boxes) {
  const configurations = api.useQuery("get", "/api/v1/configurations", { params: { query: { limit: 200 } } }, { staleTime: 60_000 });
  return (
    <QueryView query={configurations}>{(data) => <BoxList {...boxes} options={data.items.map((document) => ({ value: document.id, label: document.name }))} />}</QueryView>
  );
}

const manyOptions = 12;

function BoxList({ label, values, onChange, options }: Boxes & { options: { value: string; label: string }[] }) {
  const t = useT(devicesStrings);
  const [narrow, setNarrow] = useState("");
  const shown = options.filter((option) => option.label.toLowerCase().includes(narrow.trim().toLowerCase()));
  return (
    <Stack gap="xs" miw={200}>
      {options.length > manyOptions && (
        <TextInput size="xs" aria-label={t("filters.narrow")} placeholder={t("filters.narrow")} value={narrow} onChange={(e) => setNarrow(e.currentTarget.value)} />
      )}
      <Scrolled>
        <Checkbox.Group label={label} value={values} onChange={onChange}>
          <Stack gap={6} mt="xs">
            {shown.map((option) => (
              <Checkbox key={option.value} value={option.value} label={option.label} />
            ))}
          </Stack>
        </Checkbox.Group>
      </Scrolled>
    </Stack>
  );
}

function Scrolled({ children }: { children: ReactNode }) {
  return <ScrollArea.Autosize mah={320}>{children}</ScrollArea.Autosize>;
}

function Silence({ value, onChoose }: { value: string | undefined; onChoose: (value: string) => void }) {
  const t = useT(devicesStrings);
  const words = useSilenceWords();
  return (
    <Radio.Group label={t("filters.silent")} description={t("filters.silentHint")} value={value ?? ""} onChange={onChoose} maw={280}>
      <Stack gap={6} mt="xs">
        {silenceHours.map((hours) => (
          <Radio key={hours} value={String(hours)} label={words(String(hours))} />
        ))}
      </Stack>
    </Radio.Group>
  );
}

const usualDays = [7, 14, 30, 60, 90];

function Days({ value, onChoose }: { value: string | undefined; onChoose: (value: string) => void }) {
  const t = useT(devicesStrings);
  const [days, setDays] = useState<string | number>(value ?? 30);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (days !== "") onChoose(String(days));
      }}
    >
      <Stack gap="xs" maw={280}>
        <NumberInput label={t("filters.certificate_days")} description={t("filters.daysHint")} min={1} max={3650} allowDecimal={false} value={days} onChange={setDays} data-autofocus />
        <Group gap={6}>
          {usualDays.map((n) => (
            <Button key={n} size="compact-sm" variant="default" onClick={() => onChoose(String(n))}>
              {n}
            </Button>
          ))}
        </Group>
        <Button type="submit" size="xs">
          {t("filters.apply")}
        </Button>
      </Stack>
    </form>
  );
}

function Typed({ label, hint, value, onEnter }: { label: string; hint: string | undefined; value: string; onEnter: (value: string) => void }) {
  const t = useT(devicesStrings);
  const [text, setText] = useState(value);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim()) onEnter(text.trim());
      }}
    >
      <Stack gap="xs">
        <TextInput label={label} description={hint} maxLength={200} value={text} onChange={(event) => setText(event.currentTarget.value)} data-autofocus />
        <Button type="submit" size="xs">
          {t("filters.apply")}
        </Button>
      </Stack>
    </form>
  );
}
