import { Button, Group, Modal, Select, Stack, Text, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { api, type Schemas } from "../../api/client";
import { fieldProblem, problemOf } from "../../api/problem";
import { shortTime } from "../../i18n/format";
import { useT } from "../../i18n/strings";
import { useMay } from "../../session/useSession";
import { Empty } from "../../ui/Empty";
import { notifyDone } from "../../ui/notify";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { QueryView } from "../../ui/QueryView";
import { SecretOnce } from "../../ui/SecretOnce";
import { Time } from "../../ui/Time";
import { Line, Part } from "../account/Line";
import { handheldsStrings } from "./strings";

type Station = Schemas["StationView"];
type Pairing = Schemas["PairingView"];

/** The screens at charging stations. */
export function Stations() {
  const t = useT(handheldsStrings);
  const may = useMay();
  const query = api.useQuery("get", "/api/v1/stations");
  const [adding, setAdding] = useState(false);
  const [made, setMade] = useState<Pairing>();
  const [ending, setEnding] = useState<Station>();
  const manage = may("handhelds.manage");
  const add = manage && <Button onClick={() => setAdding(true)}>{t("stations.add")}</Button>;
  return (
    <Stack gap="md">
      <Text c="dimmed" maw={720}>
        {t("stations.about")}
      </Text>
      <QueryView
        query={query}
        isEmpty={(page) => page.items.length === 0}
        empty={
          <Empty title={t("stations.empty")}>
            <Stack align="center">
              <span>{t("stations.emptyText")}</span>
              {add}
            </Stack>
          </Empty>
        }
      >
        {(page) => (
          <Part title={t("tabs.stations")} actions={add}>
            {page.items.map((station) => (
              <Line key={station.id} name={station.name} actions={manage && <Actions station={station} made={setMade} end={() => setEnding(station)} />}>
                {station.ward}
                <br />
                {station.paired_at ? (
                  <>
                    {t("stations.paired")} <Time at={station.paired_at} />, {t("stations.seen")} <Time at={station.seen_at} />
                  </>
                ) : (
                  t("stations.notPaired")
                )}
              </Line>
            ))}
          </Part>
        )}
      </QueryView>
      {adding && (
        <Add
          close={() => setAdding(false)}
          made={(pairing) => {
            setAdding(false);
            setMade(pairing);
          }}
        />
      )}
      {made && <Code pairing={made} close={() => setMade(undefined)} />}
      {ending && <End station={ending} close={() => setEnding(undefined)} />}
    </Stack>
  );
}

function Actions({ station, made, end }: { station: Station; made: (pairing: Pairing) => void; end: () => void }) {
  const t = useT(handheldsStrings);
  const code = api.useMutation("post", "/api/v1/stations/{id}/codes", { onSuccess: made });
  return (
    <>
      {code.error && <ProblemAlert error={code.error} />}
      <Button variant="default" size="xs" loading={code.isPending} onClick={() => code.mutate({ params: { path: { id: station.id } } })} aria-label={`${t("stations.newCode")}: ${station.name}`}>
        {t("stations.newCode")}
      </Button>
      <Button variant="default" size="xs" onClick={end} aria-label={`${t("stations.end")}: ${station.name}`}>
        {t("stations.end")}
      </Button>
    </>
  );
}

function Add({ close, made }: { close: () => void; made: (pairing: Pairing) => void }) {
  const t = useT(handheldsStrings);
  const queries = useQueryClient();
  const places = api.useQuery("get", "/api/v1/places", { params: { query: { limit: 200 } } });
  const [ward, setWard] = useState<string | null>(null);
  const [name, setName] = useState("");
  const create = api.useMutation("post", "/api/v1/stations", {
    onSuccess: (pairing) => {
      void queries.invalidateQueries();
      made(pairing);
    },
  });
  const wards = (places.data?.items ?? []).filter((place) => place.kind === "ward");
  const problem = create.error ? problemOf(create.error) : undefined;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (ward) create.mutate({ body: { ward_id: ward, name: name.trim() } });
  };
  return (
    <Modal opened onClose={close} title={t("stations.add")}>
      <form onSubmit={submit}>
        <Stack>
          {problem && <ProblemAlert error={create.error} />}
          <Select label={t("stations.ward")} data={wards.map((place) => ({ value: place.id, label: place.words }))} value={ward} onChange={setWard} searchable required error={fieldProblem(problem, "ward_id")} data-autofocus />
          <TextInput label={t("stations.name")} description={t("stations.nameHint")} value={name} onChange={(event) => setName(event.currentTarget.value)} required maxLength={80} error={fieldProblem(problem, "name")} />
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              {t("stations.cancel")}
            </Button>
            <Button type="submit" loading={create.isPending}>
              {t("stations.add")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function Code({ pairing, close }: { pairing: Pairing; close: () => void }) {
  const t = useT(handheldsStrings);
  const time = shortTime(pairing.expires_at);
  return (
    <Modal opened onClose={close} title={pairing.station.name}>
      <Stack>
        <SecretOnce label={t("stations.code")} value={pairing.code}>
          {pairing.url ? t("stations.open", { url: pairing.url, time }) : t("stations.openNoUrl", { time })}
        </SecretOnce>
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            {t("stations.close")}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

function End({ station, close }: { station: Station; close: () => void }) {
  const t = useT(handheldsStrings);
  const queries = useQueryClient();
  const end = api.useMutation("delete", "/api/v1/stations/{id}", {
    onSuccess: () => {
      void queries.invalidateQueries();
      notifyDone(t("stations.ended"));
      close();
    },
  });
  return (
    <Modal opened onClose={close} title={t("stations.endTitle", { name: station.name })}>
      <Stack>
        <Text>{t("stations.endText")}</Text>
        {end.error && <ProblemAlert error={end.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={close} data-autofocus>
            {t("stations.cancel")}
          </Button>
          <Button color="red" loading={end.isPending} onClick={() => end.mutate({ params: { path: { id: station.id } } })}>
            {t("stations.end")}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
