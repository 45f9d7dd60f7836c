import { Badge, type MantineColor } from "@mantine/core";
import {
  IconAlertTriangle,
  IconCheck,
  IconClock,
  IconDropletFilled,
  IconHelpCircle,
  IconHourglass,
  IconPlayerPause,
  IconSettings,
  IconX,
  type Icon,
} from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useWords } from "../words/words";

// A colour never carries meaning alone: each badge has its word, and a sign of
// another shape for another meaning.

interface Look {
  color: MantineColor;
  Icon: Icon;
}

const therapyLook: Record<string, Look> = {
  infusing: { color: "red", Icon: IconDropletFilled },
  paused: { color: "orange", Icon: IconPlayerPause },
  standby: { color: "yellow", Icon: IconClock },
  idle: { color: "green", Icon: IconCheck },
  service: { color: "blue", Icon: IconSettings },
  unknown: { color: "red", Icon: IconHelpCircle },
};

const commandLook: Record<string, Look> = {
  awaiting_approval: { color: "grape", Icon: IconHourglass },
  queued: { color: "blue", Icon: IconClock },
  held: { color: "yellow", Icon: IconHourglass },
  delivered: { color: "blue", Icon: IconClock },
  accepted: { color: "blue", Icon: IconClock },
  succeeded: { color: "green", Icon: IconCheck },
  failed: { color: "red", Icon: IconX },
  refused: { color: "orange", Icon: IconX },
  denied: { color: "orange", Icon: IconX },
  expired: { color: "gray", Icon: IconX },
  cancelled: { color: "gray", Icon: IconX },
  superseded: { color: "gray", Icon: IconX },
};

const holdLook: Look = { color: "red", Icon: IconAlertTriangle };

function LookBadge({ look, children }: { look: Look | undefined; children: string }) {
  const { color, Icon } = look ?? { color: "gray", Icon: IconHelpCircle };
  return (
    <Badge color={color} variant="light" leftSection={<Icon size={12} aria-hidden />} tt="none" fw={600}>
      {children}
    </Badge>
  );
}

/** A badge of a screen's own, with a sign and a word. */
export function SignBadge({ color, Icon, children }: Look & { children: ReactNode }) {
  return (
    <Badge color={color} variant="light" leftSection={<Icon size={12} aria-hidden />} tt="none" fw={600}>
      {children}
    </Badge>
  );
}

/** A pump's derived therapy state; nothing for things without therapy. */
export function TherapyBadge({ state }: { state: string | undefined }) {
  const say = useWords();
  if (!state) return null;
  return <LookBadge look={therapyLook[state]}>{say("therapy", state)}</LookBadge>;
}

export function CommandStateBadge({ state }: { state: string }) {
  const say = useWords();
  return <LookBadge look={commandLook[state]}>{say("commandState", state)}</LookBadge>;
}

export function HoldBadge({ kind }: { kind: string }) {
  const say = useWords();
  return <LookBadge look={holdLook}>{say("hold", kind)}</LookBadge>;
}
