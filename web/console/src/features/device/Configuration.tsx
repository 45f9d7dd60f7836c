import { Alert, Badge, Group, Stack, Text } from "@mantine/core";
import { IconSettings } from "@tabler/icons-react";
import { api, type Schemas } from "../../api/client";
import { useT } from "../../i18n/strings";
import { Empty } from "../../ui/Empty";
import { QueryView } from "../../ui/QueryView";
import { RouteLink } from "../../ui/RouteLink";
import { Time } from "../../ui/Time";
import { Card, Fact, Facts } from "./Facts";
import { tabStrings } from "./tabStrings";
import type { Device } from "./useDevice";

type State = Schemas["ConfigurationState"];

/** What is desired of the device, what it reports, and why this one. */
export function Configuration({ device }: { device: Device }) {
  const t = useT(tabStrings);
  const query = api.useQuery("get", "/api/v1/devices/{id}/configuration", { params: { path: { id: device.id } } });
  return (
    <QueryView
      query={query}
      isEmpty={({ items }) => items.length === 0}
      empty={<Empty icon={IconSettings} title={t("configuration.none")}>{t("configuration.noneText")}</Empty>}
    >
      {({ items }) => (
        <Stack gap="md">
          {items.map((state) => (
            <One state={state} key={state.subkind} />
          ))}
        </Stack>
      )}
    </QueryView>
  );
}

function One({ state }: { state: State }) {
  const t = useT(tabStrings);
  const title = state.subkind === "" ? state.name : t(`configuration.subkind.${state.subkind}`);
  return (
    <Card title={title} icon={IconSettings} aside={<Agreement state={state} />}>
      <Facts>
        <Fact label={t("configuration.desired")} unknown={t("configuration.nothingDesired")}>
          {state.document_id && (
            <>
              <RouteLink to={`/configurations/${state.document_id}`}>{t("configuration.version", { name: state.name, version: state.version })}</RouteLink>
              {state.since && (
                <Text span size="xs" c="dimmed">
                  {" · "}
                  {t("configuration.since")} <Time at={state.since} as="clock" />
                </Text>
              )}
            </>
          )}
        </Fact>
        <Fact label={t("configuration.reported")} unknown={t("configuration.nothingReported")}>
          {state.reported && (
            <>
              {state.reported_name
                ? t("configuration.version", { name: state.reported_name, version: state.reported_version })
                : t("configuration.number", { number: state.reported })}
              {state.reported_at && (
                <Text span size="xs" c="dimmed">
                  {" · "}
                  <Time at={state.reported_at} />
                </Text>
              )}
            </>
          )}
        </Fact>
        {state.why && <Fact label={t("configuration.why")}>{state.why}</Fact>}
      </Facts>
      <Group gap="xs" mt="sm">
        <Text size="sm">{state.words}</Text>
        {state.command_id && (
          <RouteLink to={`/commands/${state.command_id}`} size="sm">
            {t("configuration.command")}
          </RouteLink>
        )}
      </Group>
      {state.refusal && (
        <Alert color="orange" py="xs" mt="sm" title={t("configuration.refusal")}>
          {state.refusal}
        </Alert>
      )}
    </Card>
  );
}

function Agreement({ state }: { state: State }) {
  const t = useT(tabStrings);
  const [color, words] = state.drift
    ? (["orange", t("configuration.drift")] as const)
    : state.document_id && !state.reported
      ? (["gray", t("configuration.waits")] as const)
      : (["green", t("configuration.agrees")] as const);
  return (
    <Badge variant="light" color={color} tt="none">
      {words}
    </Badge>
  );
}
