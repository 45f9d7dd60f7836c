import { Button, Group, Progress, Stack, Text, Title } from "@mantine/core";
import { useState } from "react";
import { api, rest } from "../../api/client";
import type { components } from "../../api/schema";
import { useT } from "../../i18n/strings";
import { useMay } from "../../session/useSession";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { QueryView } from "../../ui/QueryView";
import { Time } from "../../ui/Time";
import { FactorLimits } from "./FactorLimits";
import { LimitDialog, type Limit } from "./dialogs";
import { guardStrings } from "./strings";
import { useWrite } from "./useWrite";

type Change = components["schemas"]["LimitChangeView"];

/** The limits with what is used of them now, and changes to come. */
export function Limits() {
  const t = useT(guardStrings);
  const query = api.useQuery("get", "/api/v1/limits");
  const [changing, setChanging] = useState<Limit>();
  return (
    <>
      <Stack gap="xs" component="section" aria-labelledby="guard-limits">
        <Title order={2} size="h4" id="guard-limits">
          {t("limits")}
        </Title>
        <Text c="dimmed" maw={720}>
          {t("limitsAbout")}
        </Text>
        <QueryView query={query}>
          {(data) =>
            (["destructive", "disruptive"] as const).map((weight) => (
              <Stack gap="sm" key={weight}>
                <Title order={3} size="h5">
                  {t(`weight.${weight}`)}
                </Title>
                {data.items
                  .filter((limit) => limit.weight === weight)
                  .map((limit) => (
                    <Bar key={limit.id} limit={limit} change={() => setChanging(limit)} />
                  ))}
              </Stack>
            ))
          }
        </QueryView>
      </Stack>
      {query.data && <FactorLimits limits={query.data.factors} />}
      <Stack gap="xs" component="section" aria-labelledby="guard-changes">
        <Title order={2} size="h4" id="guard-changes">
          {t("changes")}
        </Title>
        <QueryView query={query} isEmpty={(data) => data.changes.length === 0} empty={<Text c="dimmed">{t("noChanges")}</Text>}>
          {(data) => data.changes.map((change) => <ToCome key={change.id} change={change} />)}
        </QueryView>
      </Stack>
      {changing && <LimitDialog limit={changing} onClose={() => setChanging(undefined)} />}
    </>
  );
}

function Bar({ limit, change }: { limit: Limit; change: () => void }) {
  const t = useT(guardStrings);
  const may = useMay();
  const { used, number } = limit;
  return (
    <div>
      <Group justify="space-between" gap="xs">
        <Text size="sm" id={`limit-${limit.id}`}>
          {limit.words}
        </Text>
        <Group gap="xs">
          <Text size="sm">{used === null ? t("usedShare") : t(limit.per === "person" ? "usedOfMe" : "used", { used, number })}</Text>
          {may("settings.manage") && (
            <Button size="compact-xs" variant="default" onClick={change} aria-describedby={`limit-${limit.id}`}>
              {t("change")}
            </Button>
          )}
        </Group>
      </Group>
      {used !== null && (
        <Progress
          value={number > 0 ? Math.min(100, (100 * used) / number) : 100}
          color={used >= number ? "red" : "blue"}
          aria-label={limit.words}
        />
      )}
    </div>
  );
}

function ToCome({ change }: { change: Change }) {
  const t = useT(guardStrings);
  const { error, busy, write } = useWrite(() => undefined);
  const approve = () => write(() => rest.POST("/api/v1/limits/changes/{id}/approve", { params: { path: { id: change.id } } }), t("approved"));
  return (
    <Stack gap={4}>
      <Group justify="space-between" gap="xs">
        <div>
          <Text size="sm" fw={600}>
            {change.words}
          </Text>
          <Text size="sm">{t("askedBy", { who: change.asked_by, reason: change.reason })}</Text>
          <Text size="sm">
            {change.effective_at ? (
              <>
                {t("holdsFrom")} <Time at={change.effective_at} as="clock" />
              </>
            ) : (
              t("waits")
            )}
          </Text>
        </div>
        {change.may_approve && (
          <Button size="xs" variant="default" loading={busy} onClick={() => void approve()}>
            {t("approve")}
          </Button>
        )}
      </Group>
      {error !== undefined && <ProblemAlert error={error} />}
    </Stack>
  );
}
