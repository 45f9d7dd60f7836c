import { Button, Group, Stack, Text, TextInput, Title } from "@mantine/core";
import { useState } from "react";
import { rest } from "../../api/client";
import type { components } from "../../api/schema";
import { useT } from "../../i18n/strings";
import { useMay } from "../../session/useSession";
import { useWords } from "../../words/words";
import { Frame, shortestReason } from "./dialogs";
import { guardStrings } from "./strings";
import { useWrite } from "./useWrite";

type FactorLimit = components["schemas"]["FactorLimitView"];

const passkeyOnly = 1;
const anyFactor = 2;

/** With which second factors the people of each role confirm. */
export function FactorLimits({ limits }: { limits: FactorLimit[] }) {
  const t = useT(guardStrings);
  const may = useMay();
  const [changing, setChanging] = useState<FactorLimit>();
  return (
    <Stack gap="xs" component="section" aria-labelledby="guard-factors">
      <Title order={2} size="h4" id="guard-factors">
        {t("factors.title")}
      </Title>
      <Text c="dimmed" maw={720}>
        {t("factors.about")}
      </Text>
      {limits.map((limit) => (
        <Group key={limit.id} justify="space-between" gap="xs">
          <Text size="sm" id={`limit-${limit.id}`}>
            {limit.words}
          </Text>
          {may("settings.manage") && (
            <Button size="compact-xs" variant="default" onClick={() => setChanging(limit)} aria-describedby={`limit-${limit.id}`}>
              {t("change")}
            </Button>
          )}
        </Group>
      ))}
      {changing && <FactorDialog limit={changing} onClose={() => setChanging(undefined)} />}
    </Stack>
  );
}

/** There are two: what holds, and the other one. */
function FactorDialog({ limit, onClose }: { limit: FactorLimit; onClose: () => void }) {
  const t = useT(guardStrings);
  const say = useWords();
  const [reason, setReason] = useState("");
  const { error, busy, write } = useWrite(onClose);
  const stricter = limit.number > passkeyOnly;
  const save = () => write(() => rest.PATCH("/api/v1/limits", { body: { id: limit.id, number: stricter ? passkeyOnly : anyFactor, reason } }), t("changed"));
  return (
    <Frame
      title={t(stricter ? "factors.strictTitle" : "factors.easeTitle", { role: say("role", limit.role) })}
      {...{ error, busy, onClose }}
      ready={reason.trim().length >= shortestReason}
      confirm={t(stricter ? "factors.strict" : "factors.ease")}
      onConfirm={() => void save()}
    >
      <Text size="sm">{t(stricter ? "factors.strictText" : "factors.easeText")}</Text>
      <TextInput label={t("freeze.reason")} required data-autofocus value={reason} onChange={(e) => setReason(e.currentTarget.value)} />
    </Frame>
  );
}
