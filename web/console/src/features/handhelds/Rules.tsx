import { Button, Checkbox, NumberInput, Stack, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { api, type Schemas } from "../../api/client";
import { fieldProblem, problemOf } from "../../api/problem";
import { useT } from "../../i18n/strings";
import { notifyDone } from "../../ui/notify";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { QueryView } from "../../ui/QueryView";
import { Time } from "../../ui/Time";
import { handheldsStrings } from "./strings";

type Settings = Schemas["HandheldSettingsView"];

/** How long somebody may have a handheld, and what happens then. */
export function Rules() {
  const query = api.useQuery("get", "/api/v1/settings/shared-handhelds");
  return <QueryView query={query}>{(settings) => <Form key={settings.updated_at} settings={settings} />}</QueryView>;
}

function Form({ settings }: { settings: Settings }) {
  const t = useT(handheldsStrings);
  const queries = useQueryClient();
  const [hours, setHours] = useState<string | number>(settings.shift_minutes / 60);
  const [remind, setRemind] = useState<string | number>(settings.remind_minutes);
  const [locks, setLocks] = useState(settings.grace_minutes > 0);
  const [grace, setGrace] = useState<string | number>(settings.grace_minutes || 120);
  const [clear, setClear] = useState(settings.clear);
  const save = api.useMutation("put", "/api/v1/settings/shared-handhelds", {
    onSuccess: () => {
      void queries.invalidateQueries();
      notifyDone(t("rules.saved"));
    },
  });
  const problem = save.error ? problemOf(save.error) : undefined;
  const readOnly = !settings.may_change;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate({ body: { shift_minutes: Math.round(Number(hours) * 60), remind_minutes: Number(remind), grace_minutes: locks ? Number(grace) : 0, clear } });
  };
  return (
    <form onSubmit={submit}>
      <Stack maw={560}>
        <Text c="dimmed">{t("rules.about")}</Text>
        {problem && <ProblemAlert error={save.error} />}
        <NumberInput label={t("rules.shift")} value={hours} onChange={setHours} min={1} max={36} step={0.5} required disabled={readOnly} error={fieldProblem(problem, "shift_minutes")} />
        <NumberInput label={t("rules.remind")} value={remind} onChange={setRemind} min={0} max={1440} allowDecimal={false} required disabled={readOnly} error={fieldProblem(problem, "remind_minutes")} />
        <Checkbox label={t("rules.lock")} checked={locks} onChange={(event) => setLocks(event.currentTarget.checked)} disabled={readOnly} />
        {locks && (
          <NumberInput
            label={t("rules.grace")}
            description={t("rules.graceHint")}
            value={grace}
            onChange={setGrace}
            min={30}
            max={4320}
            allowDecimal={false}
            required
            disabled={readOnly}
            error={fieldProblem(problem, "grace_minutes")}
          />
        )}
        <Checkbox label={t("rules.clear")} description={t("rules.clearHint")} checked={clear} onChange={(event) => setClear(event.currentTarget.checked)} disabled={readOnly} />
        <Text size="sm" c="dimmed">
          {settings.updated_at ? (
            <>
              {t("rules.by", { name: settings.updated_by })}, <Time at={settings.updated_at} />
            </>
          ) : (
            t("rules.shipped")
          )}
        </Text>
        {readOnly ? (
          <Text size="sm">{t("rules.readOnly")}</Text>
        ) : (
          <div>
            <Button type="submit" loading={save.isPending}>
              {t("rules.save")}
            </Button>
          </div>
        )}
      </Stack>
    </form>
  );
}
