import { Alert, Button, Group, Paper, Select, SimpleGrid, Stack, TagsInput, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState, type FormEvent, type KeyboardEvent } from "react";
import { api, type Schemas } from "../../../api/client";
import { fieldProblem, problemOf } from "../../../api/problem";
import { useT } from "../../../i18n/strings";
import { ProblemAlert } from "../../../ui/ProblemAlert";
import { RouteLink } from "../../../ui/RouteLink";
import { withSeparator } from "../../../ui/scan";
import { useWords, valuesOf } from "../../../words/words";
import { usePlaces } from "../usePlaces";
import { addStrings } from "./strings";

type NewDevice = Schemas["NewDevice"];

/** What stays for the next device of the same pallet. */
const kept = { model: "", management: "agent", place_id: "", owner: "", tags: [] as string[], stage: "received" };
const own = { udi: "", serial: "", asset_tag: "", lot: "", imei: "", mac: "" };
type Values = typeof kept & typeof own;
type Scanned = keyof typeof own;

/** One device, with a scanner or by hand; what it has in common with the next one stays. */
export function RegisterForm() {
  const t = useT(addStrings);
  const client = useQueryClient();
  const first = useRef<HTMLInputElement>(null);
  const second = useRef<HTMLInputElement>(null);
  const [made, setMade] = useState<Schemas["DeviceView"]>();
  const form = useForm<Values>({ initialValues: { ...kept, ...own } });
  const create = api.useMutation("post", "/api/v1/devices");
  const problem = create.error ? problemOf(create.error) : undefined;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const body = Object.fromEntries(Object.entries(form.values).filter(([, value]) => value.length > 0)) as unknown as NewDevice;
    create.mutate(
      { body },
      {
        onSuccess: (device) => {
          setMade(device);
          form.setValues(own);
          first.current?.focus();
          void client.invalidateQueries();
        },
      },
    );
  };
  // A scanner ends with Enter: that goes to the next field, and sends nothing half-filled.
  const scanned = (name: Scanned) => (event: KeyboardEvent<HTMLInputElement>) => {
    const value = withSeparator(event);
    if (value !== undefined) form.setFieldValue(name, value);
    if (name === "udi" && event.key === "Enter") {
      event.preventDefault();
      second.current?.focus();
    }
  };
  const field = (name: Scanned, more?: object) => (
    <TextInput
      label={t(`one.${name}`)}
      maxLength={name === "udi" ? 500 : 64}
      autoComplete="off"
      spellCheck={false}
      {...form.getInputProps(name)}
      onKeyDown={scanned(name)}
      error={fieldProblem(problem, name)}
      {...more}
    />
  );
  return (
    <Paper withBorder p="md" radius="md" maw={720}>
      <form onSubmit={submit}>
        <Stack>
          {made && (
            <Alert role="status" variant="light" color="green">
              {t("one.done", { serial: made.serial })} <RouteLink to={`/devices/${made.id}`}>{t("one.open")}</RouteLink>
            </Alert>
          )}
          <Common form={form} problem={problem} />
          {field("udi", { ref: first, description: t("one.udiHint") })}
          <SimpleGrid cols={{ base: 1, sm: 2 }}>
            {field("serial", { description: t("one.serialHint") })}
            {field("asset_tag", { ref: second })}
            {field("lot")}
            {field("imei")}
            {field("mac")}
          </SimpleGrid>
          {problem && <ProblemAlert error={problem} />}
          <Group justify="flex-end">
            <Button type="submit" loading={create.isPending}>
              {t("one.submit")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Paper>
  );
}

/** What a pallet has in common. */
function Common({ form, problem }: { form: ReturnType<typeof useForm<Values>>; problem: ReturnType<typeof problemOf> | undefined }) {
  const t = useT(addStrings);
  const say = useWords();
  const models = api.useQuery("get", "/api/v1/models", { params: { query: { limit: 200 } } }, { staleTime: 60_000 });
  const places = usePlaces();
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }}>
      <Select
        label={t("one.model")}
        required
        searchable
        data={models.data?.items.map((model) => ({ value: model.id, label: `${model.maker} ${model.name}` })) ?? []}
        nothingFoundMessage={t("one.nothing")}
        {...form.getInputProps("model")}
        value={form.values.model || null}
        error={fieldProblem(problem, "model", "class")}
      />
      <Select
        label={t("one.management")}
        required
        allowDeselect={false}
        data={valuesOf("management").map((value) => ({ value, label: say("management", value) }))}
        {...form.getInputProps("management")}
        error={fieldProblem(problem, "management")}
      />
      <Select
        label={t("one.place")}
        searchable
        clearable
        data={places.data?.map((place) => ({ value: place.id, label: place.words })) ?? []}
        nothingFoundMessage={t("one.nothing")}
        {...form.getInputProps("place_id")}
        value={form.values.place_id || null}
        onChange={(value) => form.setFieldValue("place_id", value ?? "")}
        error={fieldProblem(problem, "place_id", "place")}
      />
      <TextInput label={t("one.owner")} maxLength={120} {...form.getInputProps("owner")} error={fieldProblem(problem, "owner")} />
      <TagsInput label={t("one.tags")} maxTags={20} {...form.getInputProps("tags")} error={fieldProblem(problem, "tags")} />
      <Select
        label={t("one.stage")}
        allowDeselect={false}
        data={(["received", "expected"] as const).map((value) => ({ value, label: say("stage", value) }))}
        {...form.getInputProps("stage")}
        error={fieldProblem(problem, "stage")}
      />
    </SimpleGrid>
  );
}
