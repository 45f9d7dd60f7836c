import { Stack, Text } from "@mantine/core";
import { lazy, Suspense } from "react";
import { api, type Schemas } from "../../api/client";
import { number } from "../../i18n/format";
import { useT } from "../../i18n/strings";
import { CopyText } from "./CopyText";
import { Plot } from "./Plot";
import { deviceStrings } from "./strings";

const TileMap = lazy(() => import("./TileMap"));

/** A point on the earth and how exactly it is known. */
export interface Point {
  latitude: number;
  longitude: number;
  /** In metres; 0: the device did not say. */
  accuracy: number;
}

/** Coordinates: on the operator's own map where one is configured, to scale on plain paper otherwise. */
export function Coordinates({ location }: { location: Schemas["LocationView"] }) {
  const t = useT(deviceStrings);
  const settings = api.useQuery("get", "/api/v1/settings", {}, { staleTime: Infinity, meta: { live: false } });
  if (location.latitude === null || location.longitude === null) return null;
  const point = { latitude: location.latitude, longitude: location.longitude, accuracy: location.accuracy_m ?? 0 };
  const words = inDegrees(point);
  const tiles = settings.data?.map.tiles_url;
  return (
    <Stack gap={6}>
      <span>
        <CopyText what={t("where.coordinates")} text={words} mono />{" "}
        {point.accuracy > 0 && (
          <Text span size="xs" c="dimmed">
            {t("where.accuracy", { metres: number(Math.round(point.accuracy)) })}
          </Text>
        )}
      </span>
      {tiles ? (
        <Suspense fallback={<Plot point={point} words={words} />}>
          <TileMap point={point} tiles={tiles} attribution={settings.data?.map.attribution ?? ""} />
        </Suspense>
      ) : (
        <>
          <Plot point={point} words={words} />
          {settings.data && (
            <Text size="xs" c="dimmed">
              {t("where.noMap")}
            </Text>
          )}
        </>
      )}
    </Stack>
  );
}

function inDegrees({ latitude, longitude }: Point): string {
  return `${latitude.toFixed(5)}, ${longitude.toFixed(5)}`;
}
