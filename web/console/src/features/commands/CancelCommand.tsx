import { Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../../api/client";
import { useT } from "../../i18n/strings";
import { useMay } from "../../session/useSession";
import { notifyDone } from "../../ui/notify";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { commandsStrings } from "./strings";
import { hasEnded, isUndelivered, type Command } from "./useCommand";

/** Takes a command back as long as no device has it; afterwards it says that it is too late. */
export function CancelCommand({ command }: { command: Command }) {
  const t = useT(commandsStrings);
  const may = useMay();
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  const [reason, setReason] = useState("");
  const cancel = api.useMutation("post", "/api/v1/commands/{id}/cancel", {
    onSuccess: () => {
      setAsking(false);
      notifyDone(t("cancel.done"));
    },
    onSettled: () => queries.invalidateQueries(),
  });
  if (!may("commands.cancel") || command.kind === "contain") return null;
  if (!isUndelivered(command)) {
    if (hasEnded(command)) return null;
    return (
      <Text size="sm" c="dimmed">
        {t("cancel.tooLate")}
      </Text>
    );
  }
  if (!asking) {
    return (
      <Button variant="default" size="sm" onClick={() => setAsking(true)}>
        {t("cancel.button")}
      </Button>
    );
  }
  return (
    <Stack gap="xs">
      {cancel.error ? <ProblemAlert error={cancel.error} /> : null}
      <Text size="sm">{t("cancel.ask")}</Text>
      <TextInput size="sm" label={t("cancel.reason")} maxLength={500} value={reason} onChange={(event) => setReason(event.currentTarget.value)} data-autofocus />
      <Group gap="xs">
        <Button variant="default" size="sm" onClick={() => setAsking(false)}>
          {t("cancel.keep")}
        </Button>
        <Button color="orange" size="sm" loading={cancel.isPending} onClick={() => cancel.mutate({ params: { path: { id: command.id } }, body: { reason: reason.trim() || undefined } })}>
          {t("cancel.confirm")}
        </Button>
      </Group>
    </Stack>
  );
}
