import { Button, List, Paper, Stack, Text, Title } from "@mantine/core";
import { Link, useParams } from "wouter";
import { dateTime, relative } from "../../i18n/format";
import { useT } from "../../i18n/strings";
import type { Schemas } from "../client";
import { DeviceLine } from "../DeviceLine";
import { Reading } from "../Reading";
import { self } from "../session";
import { selfStrings } from "../strings";

/** What the hospital knows of my device, how old it is, and who looked where it is. */
export default function DevicePage() {
  const { id = "" } = useParams<{ id: string }>();
  const query = self.useQuery("get", "/api/v1/self/devices/{id}", { params: { path: { id } } });
  return <Reading query={query}>{(device) => <Known device={device} />}</Reading>;
}

function Known({ device }: { device: Schemas["OwnDeviceDetail"] }) {
  const t = useT(selfStrings);
  const age = device.last_seen_age_seconds;
  return (
    <Stack>
      <Paper withBorder p="md">
        <DeviceLine device={device} />
      </Paper>
      {!device.reachable && <Text fw={600}>{t("device.record")}</Text>}
      {device.reachable && age !== null && (
        <Stack gap="xs">
          <Title order={2} size="h4">
            {t("device.said", { when: relative(-age) })}
          </Title>
          <List>
            <List.Item>{t(device.locked ? "device.isLocked" : "device.isOpen")}</List.Item>
            <List.Item>{t(answer("passcode", device.passcode_set))}</List.Item>
            <List.Item>{t(answer("encrypted", device.storage_encrypted))}</List.Item>
            {device.battery_percent !== null && <List.Item>{t("device.battery", { percent: device.battery_percent })}</List.Item>}
            {device.os_version && <List.Item>{t("device.os", { version: device.os_version })}</List.Item>}
          </List>
        </Stack>
      )}
      {device.cannot_know && <Text size="sm">{device.cannot_know}</Text>}
      <Looks looks={device.looks} />
      <Button component={Link} href={device.lost ? `/found?label=${encodeURIComponent(device.serial)}` : `/lost?device=${device.id}`} size="lg" variant={device.lost ? "filled" : "default"}>
        {t(device.lost ? "screens.found" : "device.reportLost")}
      </Button>
    </Stack>
  );
}

function answer(what: "passcode" | "encrypted", said: boolean | null) {
  return `device.${what}${said === null ? "Unknown" : said ? "Yes" : "No"}` as const;
}

function Looks({ looks }: { looks: Schemas["LookView"][] }) {
  const t = useT(selfStrings);
  return (
    <Stack gap="xs">
      <Title order={2} size="h4">
        {t("looks.title")}
      </Title>
      {looks.length === 0 ? (
        <Text>{t("looks.none")}</Text>
      ) : (
        <List spacing="xs">
          {looks.map((look) => (
            <List.Item key={look.at + look.by}>
              <time dateTime={look.at}>{dateTime(look.at)}</time>
              {": "}
              {t(look.found ? "looks.saw" : "looks.sawNothing", { by: look.by })}
              {look.reason && <Text size="sm">{look.reason}</Text>}
            </List.Item>
          ))}
        </List>
      )}
    </Stack>
  );
}
