import { Button, Group, Modal, Select, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { rest, type Schemas } from "../../api/client";
import { fieldProblem, problemOf, type Problem } from "../../api/problem";
import { useT } from "../../i18n/strings";
import { notifyDone } from "../../ui/notify";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { uiStrings } from "../../ui/strings";
import { placesStrings } from "./strings";
import type { Place } from "./tree";

type Point = Schemas["AccessPointView"];

interface Props {
  place: Place;
  places: Place[];
  /** The one to move or rename; without it a new one is added. */
  point?: Point;
  onClose: () => void;
}

const hexDigits = (text: string) => text.replace(/[^0-9a-f]/gi, "");

/** Adds an access point, moves it to another place, or renames it. */
export function AccessPointForm({ place, places, point, onClose }: Props) {
  const t = useT(placesStrings);
  const ui = useT(uiStrings);
  const client = useQueryClient();
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const form = useForm({
    initialValues: { bssid: point?.bssid ?? "", name: point?.name ?? "", place_id: place.id },
    validate: { bssid: (value) => (hexDigits(value).length === 12 ? null : t("points.bssidWrong")) },
  });
  const save = async ({ bssid, name, place_id }: typeof form.values) => {
    setBusy(true);
    setProblem(undefined);
    try {
      const { data, error } = await rest.PUT("/api/v1/access-points/{bssid}", {
        params: { path: { bssid: bssid.trim() } },
        body: { name: name.trim(), place_id },
      });
      if (error) throw error;
      notifyDone(t("points.saved", { bssid: data.bssid, place: data.place?.name ?? "" }));
      onClose();
    } catch (thrown) {
      setProblem(problemOf(thrown));
    } finally {
      setBusy(false);
      void client.invalidateQueries();
    }
  };
  const atField = { bssid: fieldProblem(problem, "bssid"), name: fieldProblem(problem, "name"), place: fieldProblem(problem, "place_id") };
  return (
    <Modal opened onClose={onClose} closeButtonProps={{ "aria-label": ui("close") }} title={point ? t("points.moveTitle", { bssid: point.bssid }) : t("points.addTitle", { place: place.name })}>
      <form onSubmit={form.onSubmit((values) => void save(values))}>
        <Stack>
          {problem && !Object.values(atField).some(Boolean) && <ProblemAlert error={problem} />}
          {!point && (
            <TextInput
              label={t("points.bssid")}
              description={t("points.bssidHint")}
              required
              maxLength={32}
              data-autofocus
              {...form.getInputProps("bssid")}
              error={form.errors.bssid ?? atField.bssid}
            />
          )}
          <TextInput label={t("points.name")} description={t("points.nameHint")} maxLength={120} {...form.getInputProps("name")} error={atField.name} />
          <Select
            label={t("points.place")}
            required
            searchable
            allowDeselect={false}
            data={places.map((p) => ({ value: p.id, label: p.words }))}
            {...form.getInputProps("place_id")}
            error={atField.place}
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {ui("cancel")}
            </Button>
            <Button type="submit" loading={busy}>
              {t("form.save")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

/** Forgets an access point, after saying what that means. */
export function ForgetAccessPoint({ place, point, onClose }: { place: Place; point: Point; onClose: () => void }) {
  const t = useT(placesStrings);
  const ui = useT(uiStrings);
  const client = useQueryClient();
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const forget = async () => {
    setBusy(true);
    try {
      const { error: refused } = await rest.DELETE("/api/v1/access-points/{bssid}", { params: { path: { bssid: point.bssid } } });
      if (refused) throw refused;
      notifyDone(t("points.removed", { bssid: point.bssid }));
      onClose();
    } catch (thrown) {
      setError(thrown);
    } finally {
      setBusy(false);
      void client.invalidateQueries();
    }
  };
  return (
    <Modal opened onClose={onClose} closeButtonProps={{ "aria-label": ui("close") }} title={t("points.removeTitle", { name: point.name || point.bssid })}>
      <Stack>
        {error !== undefined && <ProblemAlert error={error} />}
        <Text size="sm">{t("points.removeText", { place: place.name })}</Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} data-autofocus>
            {ui("cancel")}
          </Button>
          <Button color="red" loading={busy} onClick={() => void forget()}>
            {t("points.remove")}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
