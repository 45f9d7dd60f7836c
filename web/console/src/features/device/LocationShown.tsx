import { Alert } from "@mantine/core";
import type { Schemas } from "../../api/client";
import { useT } from "../../i18n/strings";
import { Coordinates } from "./Coordinates";
import { Fact, Facts } from "./Facts";
import { PlaceTree } from "./PlaceTree";
import { deviceStrings } from "./strings";

/** A location that was asked for. */
export function LocationShown({ location }: { location: Schemas["LocationView"] | undefined }) {
  const t = useT(deviceStrings);
  if (!location) return <Alert color="gray" py="xs">{t("where.nothingKept")}</Alert>;
  return (
    <Facts>
      <Fact label={t("where.heard")} unknown={t("where.notHeard")} source={location.source === "access_point" ? "accessPoint" : "device"} age={location.age_seconds} at={location.at}>
        {location.place && <PlaceTree place={location.place} />}
      </Fact>
      {location.source === "coordinates" && (
        <Fact label={t("where.coordinates")} source="device" age={location.age_seconds} at={location.at}>
          <Coordinates location={location} />
        </Fact>
      )}
    </Facts>
  );
}
