import { Alert, Button, Card, Group, List, Stack, Text, Title } from "@mantine/core";
import { IconHandStop } from "@tabler/icons-react";
import { useState } from "react";
import { api } from "../../api/client";
import { useT } from "../../i18n/strings";
import { QueryView } from "../../ui/QueryView";
import { RouteLink } from "../../ui/RouteLink";
import { Time } from "../../ui/Time";
import { LiftDialog, type Freeze } from "./dialogs";
import { Restored } from "./Restored";
import { guardStrings } from "./strings";

/** What is stopped now: since when, by whom, what had left before, and who may lift it. */
export function Freezes() {
  const t = useT(guardStrings);
  const query = api.useQuery("get", "/api/v1/freezes");
  const [lifting, setLifting] = useState<Freeze>();
  return (
    <Stack gap="xs" component="section" aria-labelledby="guard-active">
      <Title order={2} size="h4" id="guard-active">
        {t("active")}
      </Title>
      <QueryView query={query} isEmpty={(data) => data.items.length === 0} empty={<Text c="dimmed">{t("none")}</Text>}>
        {(data) => data.items.map((freeze) => <One key={freeze.id} freeze={freeze} lift={() => setLifting(freeze)} />)}
      </QueryView>
      {lifting && <LiftDialog freeze={lifting} onClose={() => setLifting(undefined)} />}
    </Stack>
  );
}

function One({ freeze, lift }: { freeze: Freeze; lift: () => void }) {
  const t = useT(guardStrings);
  const second = freeze.lift_requested_by !== "";
  return (
    <Card withBorder>
      <Stack gap="xs">
        <Alert color="red" variant="light" icon={<IconHandStop aria-hidden />} title={t("of", { what: freeze.scope_words })}>
          <Text size="sm">{freeze.reason}</Text>
        </Alert>
        <Text size="sm">
          {freeze.cause === "by_hand" ? t("setBy", { who: freeze.set_by }) : t("byItself")}, <Time at={freeze.set_at} />
        </Text>
        {freeze.lost && <Restored lost={freeze.lost} />}
        <Text size="sm">{freeze.already_left.length > 0 ? t("left", { count: freeze.already_left.length }) : t("leftNone")}</Text>
        <List size="sm">
          {freeze.already_left.map((left) => (
            <List.Item key={left.command_id}>
              {left.kind_words}:{" "}
              {left.device ? (
                <RouteLink to={`/devices/${left.device_id}`} size="sm">
                  {left.device}
                </RouteLink>
              ) : (
                t("unnamed")
              )}
            </List.Item>
          ))}
        </List>
        <Text size="sm">{second ? t("asks", { who: freeze.lift_requested_by, reason: freeze.lift_reason }) : t("goesOn")}</Text>
        {freeze.may_lift && (
          <Group>
            <Button variant="default" onClick={lift}>
              {t(second ? "agree" : "askLift")}
            </Button>
          </Group>
        )}
      </Stack>
    </Card>
  );
}
