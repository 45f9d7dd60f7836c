import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import { IconCircleCheck, IconMinus } from "@tabler/icons-react";
import { api, type Schemas } from "../../api/client";
import { useT } from "../../i18n/strings";
import { CommandStateBadge } from "../../ui/badges";
import { RouteLink } from "../../ui/RouteLink";
import { uiStrings } from "../../ui/strings";
import { useWords } from "../../words/words";
import { closeLoss } from "./openLoss";
import { lossStrings } from "./strings";

type Step = Schemas["LossStepView"];

/** What a report of a loss asked for, and what has become of each thing since. */
export function LossSteps({ loss, onClose }: { loss: Schemas["LossView"]; onClose: () => void }) {
  const t = useT(lossStrings);
  const ui = useT(uiStrings);
  const { device } = loss;
  // The event stream has it read anew: a lock that was asked becomes one that was done.
  const now = api.useQuery("get", "/api/v1/commands", { params: { query: { device_id: device.id, limit: 50 } } });
  return (
    <Stack>
      <Alert variant="light" color="green" role="status" icon={<IconCircleCheck aria-hidden />}>
        {t("done", { device: device.serial })}
      </Alert>
      <Stack gap="xs" role="list" aria-label={t("steps")}>
        {loss.steps.map((step) => (
          <StepLine step={step} now={now.data?.items.find((one) => one.id === step.command_id)} key={step.kind} />
        ))}
      </Stack>
      <Text size="sm" c="dimmed">
        {t("goesOn")}
      </Text>
      <Group justify="flex-end">
        <RouteLink to={`/devices/${device.id}`} size="sm" onClick={closeLoss}>
          {t("toDevice")}
        </RouteLink>
        <Button onClick={onClose} data-autofocus>
          {ui("close")}
        </Button>
      </Group>
    </Stack>
  );
}

function StepLine({ step, now }: { step: Step; now: Schemas["CommandView"] | undefined }) {
  const t = useT(lossStrings);
  const say = useWords();
  const state = now?.state ?? step.state;
  return (
    <Group role="listitem" gap="sm" wrap="nowrap" align="flex-start" justify="space-between">
      <div style={{ minWidth: 0 }}>
        <Text size="sm" fw={600}>
          {say("kind", step.kind)}
        </Text>
        <Text size="sm">{now?.why_waiting ?? step.why}</Text>
      </div>
      {state ? (
        <div style={{ flexShrink: 0 }}>
          <CommandStateBadge state={state} />
        </div>
      ) : (
        <Group gap={4} wrap="nowrap">
          <IconMinus size={14} aria-hidden />
          <Text size="sm" c="dimmed">
            {t("notPossible")}
          </Text>
        </Group>
      )}
    </Group>
  );
}
