import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import { IconInfoCircle } from "@tabler/icons-react";
import { useT } from "../../i18n/strings";
import { QueryView } from "../../ui/QueryView";
import { RouteButton } from "../../ui/RouteLink";
import { CancelCommand } from "../commands/CancelCommand";
import { CommandSteps } from "../commands/CommandSteps";
import { Receipt } from "../commands/Receipt";
import { hasEnded, useCommand, useLastSeen } from "../commands/useCommand";
import { closeAction } from "./openAction";
import { actionsStrings } from "./strings";

/** A command that was asked, live to its end. It goes on without this dialog. */
export function Follower({ id, note }: { id: string; note?: string }) {
  const t = useT(actionsStrings);
  const command = useCommand(id);
  const lastSeen = useLastSeen(command.data);
  return (
    <QueryView query={command}>
      {(data) => (
        <Stack gap="md">
          {note && (
            <Alert variant="light" color="blue" icon={<IconInfoCircle aria-hidden />}>
              {note}
            </Alert>
          )}
          <CommandSteps command={data} lastSeen={lastSeen} />
          <Receipt command={data} />
          {!hasEnded(data) && (
            <Text size="sm" c="dimmed">
              {t("closeHint")}
            </Text>
          )}
          <Group justify="space-between" align="flex-end">
            <CancelCommand command={data} />
            <Group gap="xs" ml="auto">
              <RouteButton to={`/commands/${data.id}`} variant="default" onClick={closeAction}>
                {t("open")}
              </RouteButton>
              <Button onClick={closeAction} data-autofocus>
                {t("close")}
              </Button>
            </Group>
          </Group>
        </Stack>
      )}
    </QueryView>
  );
}
