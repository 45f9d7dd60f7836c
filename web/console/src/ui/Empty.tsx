import { Paper, Stack, Text, ThemeIcon } from "@mantine/core";
import { IconInbox, type Icon } from "@tabler/icons-react";
import type { ReactNode } from "react";

interface Props {
  icon?: Icon;
  title: string;
  /** What to do next, in a sentence or a button. */
  children?: ReactNode;
}

/** Nothing to show, and what one can do about it. */
export function Empty({ icon: Icon = IconInbox, title, children }: Props) {
  return (
    <Paper withBorder p="xl" radius="md">
      <Stack align="center" gap="xs" ta="center">
        <ThemeIcon size="xl" radius="xl" variant="light" color="gray">
          <Icon aria-hidden />
        </ThemeIcon>
        <Text fw={600}>{title}</Text>
        {children && (
          <Text component="div" c="dimmed" size="sm" maw={480}>
            {children}
          </Text>
        )}
      </Stack>
    </Paper>
  );
}
