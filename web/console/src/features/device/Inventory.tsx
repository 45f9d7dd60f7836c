import { Alert, List, Stack, Text } from "@mantine/core";
import { IconApps, IconBarcode, IconCpu, IconHistory, IconMessage2 } from "@tabler/icons-react";
import { api, type Schemas } from "../../api/client";
import { day } from "../../i18n/format";
import { useT } from "../../i18n/strings";
import { QueryView } from "../../ui/QueryView";
import { Time } from "../../ui/Time";
import { CopyText } from "./CopyText";
import classes from "./device.module.css";
import { Card, Fact, Facts, FromSource } from "./Facts";
import { tabStrings } from "./tabStrings";
import { Days, useTimeline } from "./Timeline";
import type { Device } from "./useDevice";

/** What it is made of: identifiers, software, and how that changed. */
export function Inventory({ device }: { device: Device }) {
  const query = api.useQuery("get", "/api/v1/devices/{id}/inventory", { params: { path: { id: device.id } } });
  return (
    <div className={classes.columns}>
      <Stack gap="md">
        <QueryView query={query}>{(inventory) => <Identifiers device={device} udi={inventory.udi} />}</QueryView>
        <Software device={device} />
      </Stack>
      <Stack gap="md">
        {query.data && <SaysItself device={device} said={query.data.reported} />}
        <Changes device={device} />
      </Stack>
    </div>
  );
}

function Identifiers({ device, udi }: { device: Device; udi: Schemas["UDIView"] | undefined }) {
  const t = useT(tabStrings);
  const copied = (label: string, text: string) => (
    <Fact label={label}>{text && <CopyText what={label} text={text} mono />}</Fact>
  );
  return (
    <Card title={t("inventory.identifiers")} icon={IconBarcode}>
      <Facts>
        {copied(t("inventory.serial"), device.serial)}
        {copied(t("inventory.assetTag"), device.asset_tag)}
        <Fact label={t("inventory.maker")}>{device.model.maker}</Fact>
        <Fact label={t("inventory.model")}>{device.model.name}</Fact>
        <Fact label={t("inventory.lot")}>{device.lot}</Fact>
        {copied(t("inventory.imei"), device.imei)}
        {copied(t("inventory.phoneNumber"), device.phone_number)}
        {copied(t("inventory.contact"), device.contact)}
        {copied(t("inventory.mac"), device.mac)}
        <Fact label={t("inventory.udi")} unknown={t("inventory.noUDI")}>
          {device.udi && <CopyText what={t("inventory.udi")} text={device.udi} mono />}
        </Fact>
        {device.udi && !udi && <Fact label={t("inventory.di")} unknown={t("inventory.unreadable")} />}
        {udi && (
          <>
            {copied(t("inventory.di"), udi.di)}
            {udi.lot && <Fact label={t("inventory.udiLot")}>{udi.lot}</Fact>}
            {udi.serial && <Fact label={t("inventory.udiSerial")}>{udi.serial}</Fact>}
            {udi.made && <Fact label={t("inventory.made")}>{onLabel(udi.made)}</Fact>}
            {udi.expires && <Fact label={t("inventory.expires")}>{onLabel(udi.expires)}</Fact>}
          </>
        )}
        <Fact label={t("inventory.registered")}>
          <Time at={device.created_at} as="clock" />
        </Fact>
        <Fact label={t("inventory.changed")}>
          <Time at={device.updated_at} />
        </Fact>
      </Facts>
    </Card>
  );
}

/** A day of a label, or its month where the label leaves the day open. It has no time zone. */
function onLabel(date: string): string {
  return date.length === "2026-08-31".length ? day(`${date}T12:00:00`) : date;
}

function Software({ device }: { device: Device }) {
  const t = useT(tabStrings);
  const { software } = device;
  return (
    <Card title={t("inventory.software")} icon={IconCpu} aside={<FromSource source="device" age={device.last_seen_age_seconds} at={device.last_seen_at} />}>
      <Facts>
        <Fact label={t("inventory.softwareVersion")}>
          {software.software_version}
        </Fact>
        <Fact label={t("inventory.firmware")}>
          {software.firmware_version}
        </Fact>
        <Fact label={t("inventory.os")}>
          {software.os_version}
        </Fact>
        <Fact label={t("inventory.agent")}>
          {software.agent_version}
        </Fact>
      </Facts>
    </Card>
  );
}

function SaysItself({ device, said }: { device: Device; said: Schemas["FactsView"] | undefined }) {
  const t = useT(tabStrings);
  if (!said) {
    return (
      <Card title={t("inventory.saysItself")} icon={IconMessage2}>
        <Text size="sm" c="dimmed">
          {t("inventory.silent")}
        </Text>
      </Card>
    );
  }
  const differs = said.serial !== "" && said.serial.toUpperCase() !== device.serial.toUpperCase();
  return (
    <>
      <Card title={t("inventory.saysItself")} icon={IconMessage2}>
        {differs && (
          <Alert color="orange" py="xs" mb="sm">
            {t("inventory.mismatch", { said: said.serial })}
          </Alert>
        )}
        <Facts>
          <Fact label={t("inventory.maker")}>{said.maker}</Fact>
          <Fact label={t("inventory.model")}>{said.model}</Fact>
          <Fact label={t("inventory.serial")}>{said.serial}</Fact>
          <Fact label={t("inventory.imei")}>{said.imei}</Fact>
          <Fact label={t("inventory.mac")}>{said.mac}</Fact>
        </Facts>
      </Card>
      {said.apps.length > 0 && (
        <Card title={t("inventory.apps")} icon={IconApps} aside={<Text size="xs" c="dimmed">{t("inventory.appsOf", { count: said.apps.length })}</Text>}>
          <List size="sm">
            {said.apps.map((app) => (
              <List.Item key={app.id}>
                {app.id} {app.version}
              </List.Item>
            ))}
          </List>
        </Card>
      )}
    </>
  );
}

/** How the software and what the device says of itself changed, from its timeline. */
function Changes({ device }: { device: Device }) {
  const t = useT(tabStrings);
  const query = useTimeline(device.id);
  return (
    <Card title={t("inventory.changes")} icon={IconHistory}>
      <QueryView query={query}>
        {({ pages }) => {
          const changes = pages.flatMap(({ items }) => items).filter(({ action }) => action.startsWith("reported.") && action !== "reported.therapy");
          return changes.length === 0 ? (
            <Text size="sm" c="dimmed">
              {t("inventory.noChanges")}
            </Text>
          ) : (
            <Days moments={changes} />
          );
        }}
      </QueryView>
    </Card>
  );
}
