import { Group, Stack, Text, Title } from "@mantine/core";
import { useEffect, type ReactNode } from "react";

interface PageProps {
  title: string;
  /** One sentence below the title; for screens that do not explain themselves. */
  about?: ReactNode;
  /** Buttons at the right of the title. */
  actions?: ReactNode;
  /** What stands before the title, such as the way back. */
  above?: ReactNode;
  children: ReactNode;
}

/** The frame of every screen: its title, also of the browser's tab, and its actions. */
export function Page({ title, about, actions, above, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Wardline`;
  }, [title]);
  return (
    <Stack gap="md">
      {above}
      <Group justify="space-between" align="flex-start" gap="sm">
        <div>
          <Title order={1} size="h2">
            {title}
          </Title>
          {about && (
            <Text c="dimmed" maw={720}>
              {about}
            </Text>
          )}
        </div>
        {actions && <Group gap="xs">{actions}</Group>}
      </Group>
      {children}
    </Stack>
  );
}
