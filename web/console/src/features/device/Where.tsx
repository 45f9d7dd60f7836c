import { Text } from "@mantine/core";
import { IconArrowsExchange, IconMapPin } from "@tabler/icons-react";
import { api, type Schemas } from "../../api/client";
import { useT } from "../../i18n/strings";
import { Coordinates } from "./Coordinates";
import { Card, Fact, Facts } from "./Facts";
import { PlaceTree } from "./PlaceTree";
import { deviceStrings } from "./strings";
import { speaks, type Device } from "./useDevice";
import { WithheldLocation } from "./WithheldLocation";

/** Where it belongs and where it was last heard. */
export function Where({ device }: { device: Device }) {
  const t = useT(deviceStrings);
  return (
    <Card title={t("where.title")} icon={IconMapPin}>
      <Facts>
        <Fact label={t("where.belongs")} unknown={t("where.noPlace")} source="people">
          {device.place && <PlaceTree place={device.place} />}
        </Fact>
        {device.location_withheld ? (
          <Fact label={t("where.heard")}>
            <WithheldLocation device={device} />
          </Fact>
        ) : (
          <Heard device={device} location={device.location} />
        )}
      </Facts>
    </Card>
  );
}

/** Where it was last heard, as far as that may be shown. */
function Heard({ device, location }: { device: Device; location: Schemas["LocationView"] | undefined }) {
  const t = useT(deviceStrings);
  const network = device.network;
  const point = useAccessPoint(location?.place?.id, network?.bssid);
  return (
    <>
      <Fact
        label={t("where.heard")}
        unknown={speaks(device) ? t("where.notHeard") : t("where.notReported")}
        source={location?.source === "access_point" ? "accessPoint" : "device"}
        age={location?.age_seconds}
        at={location?.at}
      >
        {location?.place && <PlaceTree place={location.place} />}
      </Fact>
      {location && <Elsewhere device={device} location={location} />}
      {location?.source === "coordinates" && (
        <Fact label={t("where.coordinates")} source="device" age={location.age_seconds} at={location.at}>
          <Coordinates location={location} />
        </Fact>
      )}
      {network && (
        <>
          {network.bssid && (
            <Fact label={t("where.accessPoint")} source="device" age={device.last_seen_age_seconds} at={device.last_seen_at}>
              {[point, network.bssid, network.rssi_dbm !== 0 && `${network.rssi_dbm} dBm`].filter(Boolean).join(", ")}
            </Fact>
          )}
          {network.ssid && (
            <Fact label={t("where.network")} source="device" age={device.last_seen_age_seconds} at={device.last_seen_at}>
              {[network.ssid, network.ip].filter(Boolean).join(", ")}
            </Fact>
          )}
        </>
      )}
    </>
  );
}

function Elsewhere({ device, location }: { device: Device; location: Schemas["LocationView"] }) {
  const t = useT(deviceStrings);
  if (!device.place || !location.place || location.place.id === device.place.id || device.place.kind !== location.place.kind) return null;
  return (
    <Fact label="">
      <Text span size="sm" fw={600}>
        <IconArrowsExchange size={14} aria-hidden /> {t("where.elsewhere")}
      </Text>
    </Fact>
  );
}

/** What people call the access point, where it stands in the list of places. */
function useAccessPoint(place: string | undefined, bssid: string | undefined): string | undefined {
  const { data } = api.useQuery(
    "get",
    "/api/v1/access-points",
    { params: { query: { place_id: place ?? "", limit: 200 } } },
    { enabled: !!place && !!bssid, staleTime: 60_000, meta: { live: false } },
  );
  return data?.items.find((point) => point.bssid === bssid)?.name;
}
