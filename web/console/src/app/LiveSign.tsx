import { Badge, Tooltip, VisuallyHidden } from "@mantine/core";
import { IconBroadcast, IconBroadcastOff, IconLoader } from "@tabler/icons-react";
import { useT } from "../i18n/strings";
import { useMay } from "../session/useSession";
import { appStrings } from "./strings";
import { useLive } from "./useLive";

const looks = {
  on: { color: "green", Icon: IconBroadcast, title: "live.on", text: "live.onText" },
  connecting: { color: "gray", Icon: IconLoader, title: "live.connecting", text: "live.connectingText" },
  down: { color: "orange", Icon: IconBroadcastOff, title: "live.down", text: "live.downText" },
} as const;

/**
 * Whether what is on the screen follows what happens. Who has no right to the
 * stream of events has their screens read every half minute, and no sign that
 * would read like a fault.
 */
export function LiveSign() {
  return useMay()("events.read") ? <Sign /> : null;
}

function Sign() {
  const t = useT(appStrings);
  const state = useLive();
  const { color, Icon, title, text } = looks[state];
  return (
    <Tooltip label={t(text)} multiline w={240} withArrow>
      <Badge role="status" variant="light" color={color} tt="none" leftSection={<Icon size={12} aria-hidden />} data-live={state}>
        {t(title)}
        <VisuallyHidden>{`. ${t(text)}`}</VisuallyHidden>
      </Badge>
    </Tooltip>
  );
}
