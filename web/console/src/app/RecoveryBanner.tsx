import { Alert, Button, Group, Text } from "@mantine/core";
import { IconKey } from "@tabler/icons-react";
import { useState } from "react";
import { api } from "../api/client";
import { shortTime } from "../i18n/format";
import { useT } from "../i18n/strings";
import { later } from "../ui/later";
import { useNow } from "../ui/useNow";
import classes from "./Shell.module.css";
import { appStrings } from "./strings";

const CallOff = later(() => import("./CallOffRecovery").then((module) => module.CallOffRecovery));

/** Everybody is told that somebody asked on the server's host to bring an account back; some can call it off. */
export function RecoveryBanner() {
  const t = useT(appStrings);
  const now = useNow();
  const [asking, setAsking] = useState(false);
  // The stream tells of it at once; who hears not everything there looks each minute.
  const recoveries = api.useQuery("get", "/api/v1/recoveries", {}, { refetchInterval: 60_000 });
  const running = recoveries.data?.items[0];
  if (!running) return null;
  const waits = new Date(running.ready_at).getTime() > now;
  return (
    <Alert color="red" icon={<IconKey aria-hidden />} mb="md" className={classes.frame} title={t("recovery.title", { username: running.username })}>
      <Group justify="space-between" align="flex-end" gap="sm">
        <Text size="sm" flex="1 1 20rem">
          {t("recovery.asked", { at: shortTime(running.created_at, now) })}{" "}
          {waits ? t("recovery.waits", { at: shortTime(running.ready_at, now) }) : t("recovery.ready", { at: shortTime(running.expires_at, now) })}{" "}
          {t(running.may_cancel ? "recovery.callOff" : "recovery.tell")}
        </Text>
        {running.may_cancel && (
          <Button size="xs" variant="default" onClick={() => setAsking(true)}>
            {t("recovery.cancel")}
          </Button>
        )}
      </Group>
      {asking && <CallOff id={running.id} username={running.username} onClose={() => setAsking(false)} onDone={() => void recoveries.refetch()} />}
    </Alert>
  );
}
