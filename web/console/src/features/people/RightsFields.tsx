import { Checkbox, Fieldset, Group, MultiSelect, Stack, Text, TextInput } from "@mantine/core";
import { api } from "../../api/client";
import { fieldProblem, type Problem } from "../../api/problem";
import { useT } from "../../i18n/strings";
import { useWords, valuesOf } from "../../words/words";
import { usePlaces } from "../devices/usePlaces";
import type { Scope } from "./person";
import { peopleStrings } from "./strings";

/** What a form holds of somebody's rights. Days are those of the person who types. */
export interface RightsValues {
  roles: string[];
  sites: string[];
  classes: string[];
  wards: string[];
  models: string[];
  from: string;
  until: string;
}

export function valuesFrom(roles: readonly string[], scope: Scope): RightsValues {
  const list = (value: readonly string[] | undefined | null) => [...(value ?? [])];
  return {
    roles: list(roles),
    sites: list(scope.sites),
    classes: list(scope.classes),
    wards: list(scope.wards),
    models: list(scope.models),
    from: localDay(scope.from),
    until: localDay(scope.until),
  };
}

function localDay(at: string | undefined): string {
  if (!at) return "";
  const date = new Date(at);
  return [date.getFullYear(), date.getMonth() + 1, date.getDate()].map((n) => String(n).padStart(2, "0")).join("-");
}

export function scopeFrom(values: RightsValues): Scope {
  const some = (list: string[]) => (list.length > 0 ? list : undefined);
  const vendor = values.roles.includes("vendor");
  return {
    sites: some(values.sites),
    classes: some(values.classes) as Scope["classes"],
    wards: values.roles.includes("clinician") ? some(values.wards) : undefined,
    models: vendor ? some(values.models) : undefined,
    from: vendor && values.from ? new Date(`${values.from}T00:00:00`).toISOString() : undefined,
    // The last day counts to its end.
    until: vendor && values.until ? new Date(`${values.until}T23:59:59`).toISOString() : undefined,
  };
}

interface Props {
  values: RightsValues;
  set: (change: Partial<RightsValues>) => void;
  problem: Problem | undefined;
  /** It was sent already: what is missing is said. */
  tried: boolean;
}

/** Roles, each with what it may do, and where they hold. */
export function RightsFields({ values, set, problem, tried }: Props) {
  const t = useT(peopleStrings);
  const say = useWords();
  const rolesError = fieldProblem(problem, "roles", "roles[0]", "roles[1]") ?? (tried && values.roles.length === 0 ? t("form.rolesMissing") : undefined);
  return (
    <>
      <Checkbox.Group label={t("form.roles")} description={t("form.rolesHint")} required value={values.roles} onChange={(roles) => set({ roles })} error={rolesError}>
        <Stack gap="xs" my="xs">
          {valuesOf("role").map((role) => (
            <Checkbox key={role} value={role} label={say("role", role)} description={say("roleMeans", role)} />
          ))}
        </Stack>
      </Checkbox.Group>
      <ScopeFields values={values} set={set} problem={problem} />
    </>
  );
}

function ScopeFields({ values, set, problem }: Omit<Props, "tried">) {
  const t = useT(peopleStrings);
  const say = useWords();
  const places = usePlaces();
  const error = fieldProblem(problem, "scope");
  const placesOf = (kind: string) => places.data?.filter((place) => place.kind === kind).map((place) => ({ value: place.id, label: place.words })) ?? [];
  return (
    <Fieldset legend={t("form.scope")}>
      <Stack gap="sm">
        {error && (
          <Text size="sm" c="red" role="alert">
            {error}
          </Text>
        )}
        <MultiSelect
          label={t("form.sites")}
          placeholder={values.sites.length === 0 ? t("form.allSites") : undefined}
          data={placesOf("site")}
          value={values.sites}
          onChange={(sites) => set({ sites })}
          nothingFoundMessage={t("form.nothing")}
          searchable
        />
        <MultiSelect
          label={t("form.classes")}
          placeholder={values.classes.length === 0 ? t("form.allClasses") : undefined}
          data={valuesOf("class").map((value) => ({ value, label: say("class", value) }))}
          value={values.classes}
          onChange={(classes) => set({ classes })}
          searchable
        />
        {values.roles.includes("clinician") && (
          <MultiSelect
            label={t("form.wards")}
            description={t("form.wardsHint")}
            data={placesOf("ward")}
            value={values.wards}
            onChange={(wards) => set({ wards })}
            nothingFoundMessage={t("form.nothing")}
            searchable
          />
        )}
        {values.roles.includes("vendor") && <VendorFields values={values} set={set} />}
      </Stack>
    </Fieldset>
  );
}

function VendorFields({ values, set }: Pick<Props, "values" | "set">) {
  const t = useT(peopleStrings);
  const models = api.useQuery("get", "/api/v1/models", { params: { query: { limit: 200 } } }, { staleTime: 60_000 });
  return (
    <>
      <MultiSelect
        label={t("form.models")}
        description={t("form.modelsHint")}
        required
        data={models.data?.items.map((model) => ({ value: model.id, label: `${model.maker} ${model.name}` })) ?? []}
        value={values.models}
        onChange={(chosen) => set({ models: chosen })}
        nothingFoundMessage={t("form.nothing")}
        searchable
      />
      <Group grow>
        <TextInput type="date" label={t("form.from")} value={values.from} onChange={(event) => set({ from: event.currentTarget.value })} />
        <TextInput type="date" label={t("form.until")} required value={values.until} onChange={(event) => set({ until: event.currentTarget.value })} />
      </Group>
    </>
  );
}
