import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { api } from "../api/client";
import { useT } from "../i18n/strings";
import { notifyDone } from "../ui/notify";
import { ProblemAlert } from "../ui/ProblemAlert";
import { uiStrings } from "../ui/strings";
import { appStrings } from "./strings";

interface Props {
  id: string;
  username: string;
  onClose: () => void;
  onDone: () => void;
}

/** Calls a recovery off, after saying what that does. */
export function CallOffRecovery({ id, username, onClose, onDone }: Props) {
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
