import { Paper, Text, Title } from "@mantine/core";
import { useId } from "react";
import { api, type Schemas } from "../../api/client";
import { useT } from "../../i18n/strings";
import { useMay } from "../../session/useSession";
import { CommandStateBadge } from "../../ui/badges";
import { RouteLink } from "../../ui/RouteLink";
import { Time } from "../../ui/Time";
import { useWords } from "../../words/words";
import classes from "./device.module.css";
import { deviceStrings } from "./strings";
import type { Device } from "./useDevice";

/** Why a command waits changes by time alone, as when a device falls silent. */
const every = 10_000;

/** The commands that have not ended, open ones only, newest first. */
export function useOpenCommands(device: Device): Schemas["CommandView"][] {
  const may = useMay();
  const query = { device_id: device.id, state: ["open"], limit: 20 };
  const { data } = api.useQuery(
    "get",
    "/api/v1/commands",
    { params: { query } },
    { enabled: may("commands.read"), refetchInterval: ({ state }) => ((state.data as { total?: number } | undefined)?.total ? every : false) },
  );
  return data?.items ?? [];
}

/** What is asked of the device and not done yet, and why: apart from what is true. */
export function Pending({ device }: { device: Device }) {
  const t = useT(deviceStrings);
  const id = useId();
  const commands = useOpenCommands(device);
  if (commands.length === 0) return null;
  return (
    <Paper component="section" withBorder p="md" className={classes.pending} aria-labelledby={id}>
      <Title order={2} size="h5" id={id} mb="xs">
        {t("pending.title", { count: commands.length })}
      </Title>
      <div aria-live="polite">
        {commands.map((command) => (
          <Order command={command} key={command.id} />
        ))}
      </div>
    </Paper>
  );
}

function Order({ command }: { command: Schemas["CommandView"] }) {
  const t = useT(deviceStrings);
  const say = useWords();
  return (
    <div className={classes.order}>
      <RouteLink to={`/commands/${command.id}`} fw={600} size="sm" aria-label={`${say("kind", command.kind)}: ${t("pending.open")}`}>
        {say("kind", command.kind)}
      </RouteLink>
      <CommandStateBadge state={command.state} />
      <Text span size="xs" c="dimmed">
        {t("pending.askedBy", { who: command.requested_by })}, <Time at={command.created_at} />
        {command.expires_at && (
          <>
            {" · "}
            {t("pending.expires")} <Time at={command.expires_at} />
          </>
        )}
      </Text>
      <span className={classes.why}>{command.why_waiting}</span>
    </div>
  );
}
