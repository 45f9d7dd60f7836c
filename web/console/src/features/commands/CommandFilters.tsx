import { Checkbox, Group, NativeSelect, Pill } from "@mantine/core";
import type { paths } from "../../api/schema";
import { useT } from "../../i18n/strings";
import { text, texts } from "../../ui/useAddress";
import { useWords, valuesOf } from "../../words/words";
import { commandsStrings } from "./strings";

type Query = NonNullable<paths["/api/v1/commands"]["get"]["parameters"]["query"]>;

/** What the list of commands is narrowed by, as it stands in the address. */
export interface Filters {
  /** open, ended, or states of the API. */
  state: string[];
  kind?: string;
  device?: string;
  batch?: string;
  waiting?: string;
  outcome?: string;
  unresolved: boolean;
  mine: boolean;
}

export function readFilters(raw: Record<string, unknown>): Filters {
  return {
    state: texts(raw, "state").flatMap((part) => part.split(",")),
    kind: text(raw, "kind"),
    device: text(raw, "device_id"),
    batch: text(raw, "batch_id"),
    waiting: text(raw, "waiting"),
    outcome: text(raw, "outcome"),
    unresolved: String(raw.unresolved) === "true",
    mine: String(raw.mine) === "true",
  };
}

const endedStates = ["succeeded", "failed", "refused", "denied", "expired", "cancelled", "superseded"];

export function queryOf(f: Filters): Query {
  return {
    state: f.state.flatMap((state) => (state === "ended" ? endedStates : [state])),
    kind: f.kind as Query["kind"],
    device_id: f.device,
    batch_id: f.batch,
    waiting: f.waiting as Query["waiting"],
    outcome: f.outcome as Query["outcome"],
    unresolved: f.unresolved || undefined,
    mine: f.mine || undefined,
  };
}

interface Props {
  filters: Filters;
  set: (change: Record<string, unknown>) => void;
}

/** The usual filters as fields; those that a link has set as pills that can be taken away. */
export function CommandFilters({ filters, set }: Props) {
  const t = useT(commandsStrings);
  const say = useWords();
  const pills = usePills(filters);
  const state = filters.state.length > 1 ? filters.state.join(",") : (filters.state[0] ?? "");
  const states = ["open", "ended"].map((value) => ({ value, label: t(`filters.${value as "open" | "ended"}`) }));
  return (
    <Group gap="sm" align="flex-end" role="search" aria-label={t("filters.label")}>
      <NativeSelect
        size="sm"
        label={t("filters.state")}
        value={state}
        onChange={(event) => set({ state: event.currentTarget.value || undefined })}
        data={[
          { value: "", label: t("filters.any") },
          ...states,
          ...valuesOf("commandState").map((value) => ({ value, label: say("commandState", value) })),
          ...(filters.state.length > 1 ? [{ value: state, label: filters.state.map((one) => say("commandState", one)).join(", ") }] : []),
        ]}
      />
      <NativeSelect
        size="sm"
        label={t("filters.kind")}
        value={filters.kind ?? ""}
        onChange={(event) => set({ kind: event.currentTarget.value || undefined })}
        data={[{ value: "", label: t("filters.anyKind") }, ...valuesOf("kind").map((value) => ({ value, label: say("kind", value) }))]}
      />
      <Checkbox label={t("filters.mine")} checked={filters.mine} mb={8} onChange={(event) => set({ mine: event.currentTarget.checked || undefined })} />
      <Group gap={6} mb={4}>
        {pills.map(({ name, label }) => (
          <Pill
            key={name}
            size="md"
            withRemoveButton
            onRemove={() => set({ [name]: undefined })}
            removeButtonProps={{ "aria-label": t("filters.remove", { what: label }), "aria-hidden": false, tabIndex: 0 }}
          >
            {label}
          </Pill>
        ))}
      </Group>
    </Group>
  );
}

function usePills(f: Filters): { name: string; label: string }[] {
  const t = useT(commandsStrings);
  const pills: { name: string; label: string }[] = [];
  if (f.device) pills.push({ name: "device_id", label: t("filters.device") });
  if (f.batch) pills.push({ name: "batch_id", label: t("filters.batch") });
  if (f.waiting) pills.push({ name: "waiting", label: t("filters.waiting", { waiting: t(`waiting.${f.waiting as "held"}`) }) });
  if (f.outcome) pills.push({ name: "outcome", label: t("filters.outcome", { outcome: t(`outcomeShort.${f.outcome as "erased"}`) }) });
  if (f.unresolved) pills.push({ name: "unresolved", label: t("filters.unresolved") });
  return pills;
}
