import { Alert, Button, List, Paper, Stack, Text } from "@mantine/core";
import { IconCheck, IconClock, IconX } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { Link } from "wouter";
import { useT } from "../../i18n/strings";
import type { Client, OwnLoss } from "../client";
import { DeviceLine } from "../DeviceLine";
import { HelpPhone } from "../Frame";
import { selfStrings } from "../strings";

/** How long the page looks whether the device has locked before the session ends. */
const looksFor = 20_000;
const every = 1_500;

type Step = OwnLoss["steps"][number];

interface Props {
  client: Client;
  end: () => Promise<void>;
  first: OwnLoss;
}

/** What has happened by now and what has not, and whom to call. Then the session ends. */
export function LossReported({ client, end, first }: Props) {
  const t = useT(selfStrings);
  const [loss, setLoss] = useState(first);
  const [ended, setEnded] = useState(false);
  useEffect(() => {
    let gone = false;
    const id = first.device.id;
    const finish = () => end().catch(() => undefined).finally(() => gone || setEnded(true));
    const until = Date.now() + looksFor;
    const look = async () => {
      const { data } = await client.GET("/api/v1/self/devices/{id}/loss", { params: { path: { id } } }).catch(() => ({ data: undefined }));
      if (gone) return;
      if (data) setLoss(data);
      if (!data || !waits(data) || Date.now() > until) return void finish();
      timer = setTimeout(() => void look(), every);
    };
    let timer = setTimeout(() => void look(), waits(first) ? every : 0);
    return () => {
      gone = true;
      clearTimeout(timer);
      void end().catch(() => undefined);
    };
    // Once for this report.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, []);
  const locked = loss.steps.some((s) => s.kind === "lock" && s.state === "succeeded");
  return (
    <Stack>
      <Alert role="status" color={locked ? "teal" : "orange"} variant="light" title={t(headline(loss, locked))}>
        {t(loss.device.reachable ? (locked ? "reported.lockedAbout" : "reported.waitingAbout") : "reported.recordAbout")}
      </Alert>
      <Paper withBorder p="md">
        <DeviceLine device={loss.device} />
      </Paper>
      {loss.device.reachable ? <Steps steps={loss.steps} /> : <OwnSteps />}
      <Stack gap={4}>
        <Text fw={600}>{t("reported.next")}</Text>
        <Text>{t("reported.nextAbout")}</Text>
        <HelpPhone />
      </Stack>
      <Text size="sm" role="status">
        {t(ended ? "reported.ended" : "reported.looking")}
      </Text>
      <Button component={Link} href="/" variant="default" size="lg">
        {t("home")}
      </Button>
    </Stack>
  );
}

function waits(loss: OwnLoss): boolean {
  return loss.steps.some((s) => s.kind === "lock" && ["queued", "delivered", "accepted"].includes(s.state));
}

function headline(loss: OwnLoss, locked: boolean) {
  if (!loss.device.reachable) return "reported.record" as const;
  return locked ? ("reported.locked" as const) : ("reported.waiting" as const);
}

function Steps({ steps }: { steps: Step[] }) {
  const t = useT(selfStrings);
  return (
    <List spacing="sm" aria-label={t("reported.steps")} center={false}>
      {steps.map((step) => {
        const { Icon, word } = stateOf(step);
        return (
          <List.Item key={step.kind} icon={<Icon size={20} aria-hidden />}>
            <Text fw={600} span>
              {step.words}
            </Text>
            {": "}
            {t(word)}
            {word !== "step.done" && step.why && (
              <Text size="sm" c="dimmed">
                {step.why}
              </Text>
            )}
          </List.Item>
        );
      })}
    </List>
  );
}

function stateOf(step: Step) {
  if (step.state === "succeeded") return { Icon: IconCheck, word: "step.done" } as const;
  if (step.state === "awaiting_approval") return { Icon: IconClock, word: "step.person" } as const;
  if (["queued", "held", "delivered", "accepted"].includes(step.state)) return { Icon: IconClock, word: "step.waits" } as const;
  return { Icon: IconX, word: "step.not" } as const;
}

/** What the holder does themselves where Wardline can do nothing. */
function OwnSteps() {
  const t = useT(selfStrings);
  return (
    <List type="ordered" spacing="sm" aria-label={t("reported.own")}>
      <List.Item>{t("reported.ownAccount")}</List.Item>
      <List.Item>{t("reported.ownCarrier")}</List.Item>
      <List.Item>{t("reported.ownPassword")}</List.Item>
    </List>
  );
}
