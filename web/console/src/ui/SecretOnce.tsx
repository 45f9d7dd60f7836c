import { Alert, Button, CopyButton, Group, Stack, Text, TextInput } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useT } from "../i18n/strings";
import { uiStrings } from "./strings";

interface Props {
  /** What it is: "Set-up link". */
  label: string;
  value: string;
  /** What it is for, and until when it is good. */
  children?: ReactNode;
}

/** A secret that the server shows once: to be copied now, or made anew. */
export function SecretOnce({ label, value, children }: Props) {
  const t = useT(uiStrings);
  return (
    <Stack gap="sm">
      <Alert color="orange" variant="light" role="status">
        {t("shownOnce")}
      </Alert>
      <Group align="flex-end" gap="xs" wrap="nowrap">
        <TextInput
          label={label}
          value={value}
          readOnly
          flex={1}
          miw={0}
          styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
          onFocus={(event) => event.currentTarget.select()}
        />
        <CopyButton value={value} timeout={2000}>
          {({ copied, copy }) => (
            <Button data-autofocus onClick={copy} leftSection={copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}>
              {t(copied ? "copied" : "copy")}
            </Button>
          )}
        </CopyButton>
      </Group>
      {children && (
        <Text component="div" size="sm" c="dimmed">
          {children}
        </Text>
      )}
    </Stack>
  );
}
