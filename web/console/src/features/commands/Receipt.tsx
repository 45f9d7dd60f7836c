import { Anchor, Code, Group, Stack, Text } from "@mantine/core";
import { IconCircleCheck, IconCircleX } from "@tabler/icons-react";
import { useState } from "react";
import { useT } from "../../i18n/strings";
import { commandsStrings } from "./strings";
import type { Command } from "./useCommand";

/** The last statement signed by the device's key, and whether the signature is good. */
export function Receipt({ command }: { command: Command }) {
  const t = useT(commandsStrings);
  const [shown, setShown] = useState(false);
  if (!command.receipt) return null;
  const Icon = command.receipt_valid ? IconCircleCheck : IconCircleX;
  return (
    <Stack gap={4}>
      <Group gap={6} wrap="nowrap" align="flex-start" c={command.receipt_valid ? undefined : "red"}>
        <Icon size={18} aria-hidden />
        <Text size="sm">
          <b>{t("receipt.title")}</b>: {t(command.receipt_valid ? "receipt.valid" : "receipt.invalid")}{" "}
          <Anchor component="button" type="button" size="sm" aria-expanded={shown} onClick={() => setShown(!shown)}>
            {t(shown ? "receipt.hide" : "receipt.show")}
          </Anchor>
        </Text>
      </Group>
      {shown && (
        <>
          <Text size="sm" c="dimmed">
            {t("receipt.means")}
          </Text>
          <Code block>{command.receipt}</Code>
        </>
      )}
    </Stack>
  );
}
