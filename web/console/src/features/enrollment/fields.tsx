import { Select, type SelectProps } from "@mantine/core";
import { useMemo } from "react";
import { api } from "../../api/client";
import { useT } from "../../i18n/strings";
import { useWords, valuesOf } from "../../words/words";
import { inviteStrings } from "./inviteStrings";

const personal = new Set(["phone_issued", "phone_personal", "handheld_shared", "tablet"]);

/** What an invitation says beside for whom it is. */
export interface Becomes {
  class: string;
  model: string;
  place: string;
  owner: string;
  hours: number;
  management: "agent" | "certificate";
}

export const blank: Becomes = { class: "", model: "", place: "", owner: "", hours: 168, management: "agent" };

interface FieldsProps {
  value: Becomes;
  onChange: (value: Becomes) => void;
  /** Only classes that a person holds. */
  forPerson?: boolean;
  /** The sentence about the class or the model, when one is missing or was refused. */
  errors: { class?: string; model?: string; place?: string };
}

/** Class and model belong together: a model decides its class, and a class narrows the models. */
export function ClassAndModel({ value, onChange, forPerson, errors }: FieldsProps) {
  const t = useT(inviteStrings);
  const say = useWords();
  const models = api.useQuery("get", "/api/v1/models", {}, { staleTime: 60_000 });
  const classes = valuesOf("class").filter((c) => !forPerson || personal.has(c));
  const fitting = (models.data?.items ?? []).filter((m) => (value.class ? m.class === value.class : classes.includes(m.class)));
  return (
    <>
      <Select
        label={t("class")}
        description={t("classHint")}
        withAsterisk
        searchable
        data={classes.map((c) => ({ value: c, label: say("class", c) }))}
        value={value.class || null}
        onChange={(c) => onChange({ ...value, class: c ?? "", model: models.data?.items.some((m) => m.id === value.model && m.class === c) ? value.model : "" })}
        error={errors.class}
      />
      <Select
        label={t("model")}
        placeholder={t("modelAny")}
        searchable
        clearable
        nothingFoundMessage={t("noModel")}
        data={fitting.map((m) => ({ value: m.id, label: `${m.maker} ${m.name}` }))}
        value={value.model || null}
        onChange={(id) => onChange({ ...value, model: id ?? "", class: models.data?.items.find((m) => m.id === id)?.class ?? value.class })}
        error={errors.model}
      />
    </>
  );
}

/** A place by the way down to it, so that typing part of any step finds it. */
export function PlaceSelect(props: Omit<SelectProps, "data" | "value" | "onChange"> & { value: string; onChange: (id: string) => void }) {
  const t = useT(inviteStrings);
  const places = api.useQuery("get", "/api/v1/places", {}, { staleTime: 60_000 });
  const data = useMemo(
    () => (places.data?.items ?? []).map((p) => ({ value: p.id, label: p.words })).sort((a, b) => a.label.localeCompare(b.label)),
    [places.data],
  );
  return (
    <Select
      label={t("place")}
      placeholder={t("placeNone")}
      searchable
      clearable
      limit={100}
      nothingFoundMessage={t("noPlace")}
      {...props}
      data={data}
      value={props.value || null}
      onChange={(id) => props.onChange(id ?? "")}
    />
  );
}

export function ExpirySelect({ hours, onChange }: { hours: number; onChange: (hours: number) => void }) {
  const t = useT(inviteStrings);
  return (
    <Select
      label={t("expiry")}
      allowDeselect={false}
      data={[1, 8, 24, 72, 168, 720, 2160].map((h) => ({ value: String(h), label: h < 48 ? t("hours", { count: h }) : t("days", { count: h / 24 }) }))}
      value={String(hours)}
      onChange={(h) => onChange(Number(h))}
    />
  );
}

export function ManagementSelect({ value, onChange }: { value: Becomes["management"]; onChange: (value: Becomes["management"]) => void }) {
  const t = useT(inviteStrings);
  return (
    <Select
      label={t("management")}
      allowDeselect={false}
      data={(["agent", "certificate"] as const).map((m) => ({ value: m, label: t(`managements.${m}`) }))}
      value={value}
      onChange={(m) => onChange(m === "certificate" ? m : "agent")}
    />
  );
}
