import { Group, Paper, Stack, Text, Title } from "@mantine/core";
import { useId, type ReactNode } from "react";
import { Time } from "../../ui/Time";

/** A part of the page with its heading. */
export function Part({ title, about, actions, children }: { title: string; about?: string; actions?: ReactNode; children: ReactNode }) {
  const id = useId();
  return (
    <Paper component="section" withBorder radius="md" p="md" aria-labelledby={id}>
      <Stack gap="sm">
        <Group justify="space-between">
          <Title order={2} size="h4" id={id}>
            {title}
          </Title>
          {actions}
        </Group>
        {about && (
          <Text size="sm" c="dimmed" maw={720}>
            {about}
          </Text>
        )}
        {children}
      </Stack>
    </Paper>
  );
}

/** One thing in a part: its name, what there is to know of it, what can be done. */
export function Line({ name, children, actions }: { name: string; children?: ReactNode; actions?: ReactNode }) {
  return (
    <Group justify="space-between" wrap="wrap" gap="xs">
      <div>
        <Text fw={500}>{name}</Text>
        <Text component="div" size="sm" c="dimmed" maw={560}>
          {children}
        </Text>
      </div>
      {actions && <Group gap="xs">{actions}</Group>}
    </Group>
  );
}

/** "Last used: 4 min. ago". */
export function Moment({ label, at }: { label: string; at: string | null | undefined }) {
  return (
    <span>
      {label} <Time at={at} as="clock" />
    </span>
  );
}
