import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useQueryClient } from "@tanstack/react-query";
import { api } from "../../api/client";
import { useT } from "../../i18n/strings";
import { notifyDone } from "../../ui/notify";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { enrollmentStrings } from "./strings";
import { uiStrings } from "../../ui/strings";

/** Takes an invitation back, after saying what that does. */
export function CancelInvitation({ id }: { id: string }) {
  const t = useT(enrollmentStrings);
  const ui = useT(uiStrings);
  const client = useQueryClient();
  const [opened, dialog] = useDisclosure(false);
  const cancel = api.useMutation("post", "/api/v1/invitations/{id}/cancel", {
    onSuccess: () => {
      dialog.close();
      notifyDone(t("cancel.done"));
      void client.invalidateQueries();
    },
  });
  return (
    <>
      <Button variant="default" onClick={dialog.open}>
        {t("cancel.action")}
      </Button>
      <Modal closeButtonProps={{ "aria-label": ui("close") }} opened={opened} onClose={dialog.close} title={t("cancel.title")}>
        <Stack>
          <Text size="sm">{t("cancel.text")}</Text>
          {cancel.error && <ProblemAlert error={cancel.error} />}
          <Group justify="flex-end">
            <Button variant="default" data-autofocus onClick={dialog.close}>
              {t("cancel.keep")}
            </Button>
            <Button color="red" loading={cancel.isPending} onClick={() => cancel.mutate({ params: { path: { id } } })}>
              {t("cancel.confirm")}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}
