import { Button, Paper, Stack, Text } from "@mantine/core";
import { Link } from "wouter";
import { useT } from "../../i18n/strings";
import { DeviceLine } from "../DeviceLine";
import { Reading } from "../Reading";
import { self } from "../session";
import { selfStrings } from "../strings";

export default function DevicesPage() {
  const t = useT(selfStrings);
  const query = self.useQuery("get", "/api/v1/self/devices");
  return (
    <Reading query={query}>
      {({ items }) =>
        items.length === 0 ? (
          <Text>{t("devices.none")}</Text>
        ) : (
          <Stack component="ul" p={0} m={0} style={{ listStyle: "none" }}>
            {items.map((device) => (
              <Paper key={device.id} component="li" withBorder p="md">
                <DeviceLine device={device} />
                <Button component={Link} href={`/devices/${device.id}`} variant="default" mt="sm" aria-label={t("devices.more", { what: device.asset_tag || device.serial })}>
                  {t("devices.known")}
                </Button>
              </Paper>
            ))}
          </Stack>
        )
      }
    </Reading>
  );
}
