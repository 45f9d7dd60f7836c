import { Alert, Group, Stack, Text, ThemeIcon, VisuallyHidden } from "@mantine/core";
import { IconCheck, IconCircleDashed, IconHourglass, IconX, type Icon } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { shortTime } from "../../i18n/format";
import { useT } from "../../i18n/strings";
import { Answer } from "./Answer";
import classes from "./CommandSteps.module.css";
import { useEnd } from "./outcome";
import { commandsStrings } from "./strings";
import { hasEnded, type Command } from "./useCommand";

type Progress = "done" | "now" | "todo" | "bad";

interface Step {
  name: string;
  progress: Progress;
  at?: string | null;
  more?: ReactNode;
}

interface Props {
  command: Command;
  /** When the device was last heard of, for the words of a wipe's end. */
  lastSeen: string | null | undefined;
}

/**
 * Where a command stands: each step with its time, the one it waits at with the
 * reason. What was requested never looks like what was done.
 */
export function CommandSteps({ command, lastSeen }: Props) {
  const t = useT(commandsStrings);
  const endOf = useEnd();
  const end = endOf(command, lastSeen);
  const steps = useSteps(command);
  const alarm = command.outcome === "not_erased";
  return (
    <Stack gap="sm">
      <ol className={classes.steps} aria-label={t("steps.label")}>
        {steps.map((step) => (
          <StepItem step={step} key={step.name} />
        ))}
        <li className={classes.step} data-progress={end.reached ? "done" : "todo"}>
          <ThemeIcon size={26} radius="xl" variant={end.reached ? "filled" : "light"} color={end.color}>
            <end.Icon size={16} aria-hidden />
          </ThemeIcon>
          <div>
            <Group gap="xs" align="baseline">
              <Text fw={end.reached ? 700 : 400} c={end.reached ? undefined : "dimmed"} role={end.reached && !alarm ? "status" : undefined}>
                {end.words}
              </Text>
              {command.ended_at && <At at={command.ended_at} />}
            </Group>
            {end.reached && command.state !== "succeeded" && !command.outcome && <Text size="sm">{command.why_waiting}</Text>}
            <Answer command={command} />
          </div>
        </li>
      </ol>
      {end.reached && end.means && (
        <Alert variant={alarm ? "filled" : "light"} color={alarm ? "red.9" : end.color} icon={<end.Icon aria-hidden />} title={alarm ? end.words : undefined} role={alarm ? "alert" : undefined}>
          {end.means}
        </Alert>
      )}
    </Stack>
  );
}

function useSteps(command: Command): Step[] {
  const t = useT(commandsStrings);
  const { state } = command;
  const ended = hasEnded(command);
  const steps: Step[] = [{ name: t("steps.requestedBy", { who: command.requested_by }), progress: "done", at: command.created_at }];
  const waits = (progress: Progress): ReactNode => (progress === "now" ? command.why_waiting : undefined);
  if (command.needs_second_person || state === "awaiting_approval" || state === "denied") {
    const approval = command.approvals.at(-1);
    const progress: Progress = state === "awaiting_approval" ? "now" : state === "denied" ? "bad" : approval ? "done" : "todo";
    const name = approval ? t("steps.approvedBy", { who: approval.by }) : state === "denied" ? t("steps.deniedAt") : t("steps.secondWaits");
    steps.push({ name, progress, at: approval?.at, more: waits(progress) });
  }
  // What the server does by itself is handed to nobody.
  if (command.kind === "contain") return steps;
  const handed = command.delivered_at !== null && state !== "queued" && state !== "held";
  const handing: Progress = handed ? "done" : state === "queued" || state === "held" ? "now" : "todo";
  if (handed || !ended) {
    const more = command.attempt > 1 ? t("steps.attempt", { count: command.attempt }) : undefined;
    steps.push({ name: handed ? t("steps.handed") : t("steps.handOver"), progress: handing, at: handed ? command.delivered_at : null, more: waits(handing) ?? more });
  }
  const started = command.accepted_at !== null && handed;
  // A quick one ends without ever having said that it started.
  if (started || !ended) {
    const starting: Progress = started ? "done" : state === "delivered" ? "now" : "todo";
    steps.push({ name: started ? t("steps.started") : t("steps.start"), progress: starting, at: command.accepted_at, more: waits(starting) });
  }
  if (state === "accepted" && command.outcome !== "erase_started" && command.outcome !== "not_erased") {
    steps.push({ name: command.unconfirmed ? t("unconfirmed") : command.why_waiting, progress: "now" });
  }
  return steps;
}

const looks: Record<Progress, { Icon: Icon; color: string; variant: string }> = {
  done: { Icon: IconCheck, color: "green", variant: "light" },
  now: { Icon: IconHourglass, color: "blue", variant: "filled" },
  todo: { Icon: IconCircleDashed, color: "gray", variant: "light" },
  bad: { Icon: IconX, color: "red", variant: "filled" },
};

function StepItem({ step }: { step: Step }) {
  const t = useT(commandsStrings);
  const { Icon, color, variant } = looks[step.progress];
  return (
    <li className={classes.step} data-progress={step.progress} aria-current={step.progress === "now" ? "step" : undefined}>
      <ThemeIcon size={26} radius="xl" variant={variant} color={color}>
        <Icon size={16} aria-hidden />
      </ThemeIcon>
      <div>
        <Group gap="xs" align="baseline">
          <Text fw={step.progress === "todo" ? 400 : 600} c={step.progress === "todo" ? "dimmed" : undefined}>
            {step.name} <VisuallyHidden>{t(`steps.${step.progress}`)}</VisuallyHidden>
          </Text>
          {step.at && <At at={step.at} />}
        </Group>
        {step.more && (
          <Text size="sm" role={step.progress === "now" ? "status" : undefined}>
            {step.more}
          </Text>
        )}
      </div>
    </li>
  );
}

function At({ at }: { at: string }) {
  return (
    <Text size="sm" c="dimmed" component="time" dateTime={at}>
      {shortTime(at)}
    </Text>
  );
}
