import { Alert, Group, List, Text } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck } from "@tabler/icons-react";
import type { Schemas } from "../../api/client";
import { useT } from "../../i18n/strings";
import { NumberLink } from "./NumberLink";
import { overviewStrings } from "./strings";

/** What needs a person, first of all. When nothing does, that is said too. */
export function Attention({ items }: { items: Schemas["AttentionNumber"][] }) {
  const t = useT(overviewStrings);
  const open = items.filter((item) => item.count > 0);
  if (open.length === 0) {
    return (
      <Group gap="xs" component="section" aria-label={t("attention.title")}>
        <IconCircleCheck size={18} aria-hidden />
        <Text size="sm">{t("attention.none")}</Text>
      </Group>
    );
  }
  return (
    <Alert variant="light" color="orange" icon={<IconAlertTriangle aria-hidden />} title={t("attention.title")} role="region" aria-label={t("attention.title")}>
      <List listStyleType="none" spacing={4}>
        {open.map((item) => (
          <List.Item key={item.what}>
            <Group gap="xs" wrap="nowrap" align="baseline">
              <NumberLink of={item} what={t(`attention.${item.what}`)} size="md" />
              <Text span size="sm">
                {t(`attention.${item.what}`)}
              </Text>
            </Group>
          </List.Item>
        ))}
      </List>
    </Alert>
  );
}
