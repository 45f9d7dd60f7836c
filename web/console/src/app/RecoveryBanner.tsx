import { Alert, Button, Group, Modal, Stack, Text } from "@mantine/core";
import { IconKey } from "@tabler/icons-react";
import { useState } from "react";
import { api } from "../api/client";
import { shortTime } from "../i18n/format";
import { useT } from "../i18n/strings";
import { notifyDone } from "../ui/notify";
import { ProblemAlert } from "../ui/ProblemAlert";
import { uiStrings } from "../ui/strings";
import { useNow } from "../ui/useNow";
import classes from "./Shell.module.css";
import { appStrings } from "./strings";

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

interface CallOffProps {
  id: string;
  username: string;
  onClose: () => void;
  onDone: () => void;
}

function CallOff({ id, username, onClose, onDone }: CallOffProps) {
  const t = useT(appStrings);
  const ui = useT(uiStrings);
  const cancel = api.useMutation("post", "/api/v1/recoveries/{id}/cancel", {
    onSuccess: () => {
      notifyDone(t("recovery.cancelled", { username }));
      onClose();
    },
    // Also when it was over already: what is shown is then old.
    onSettled: onDone,
  });
  return (
    <Modal opened onClose={onClose} closeButtonProps={{ "aria-label": ui("close") }} title={t("recovery.cancelTitle", { username })}>
      <Stack>
        {cancel.error ? <ProblemAlert error={cancel.error} /> : null}
        <Text size="sm">{t("recovery.cancelText")}</Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} data-autofocus>
            {t("recovery.keep")}
          </Button>
          <Button color="red" loading={cancel.isPending} onClick={() => cancel.mutate({ params: { path: { id } } })}>
            {t("recovery.cancel")}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
