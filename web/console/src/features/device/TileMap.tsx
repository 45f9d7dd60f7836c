import "leaflet/dist/leaflet.css";
import L from "leaflet";
import { useEffect, useRef } from "react";
import { useT } from "../../i18n/strings";
import type { Point } from "./Coordinates";
import classes from "./device.module.css";
import { deviceStrings } from "./strings";

interface Props {
  point: Point;
  /** Template of the operator's tile server. */
  tiles: string;
  /** Plain text; what the map's maker wants to be said. */
  attribution: string;
}

const closest = 17;

/**
 * Leaflet with the operator's tiles. The point is drawn, so no marker's picture is
 * needed; the only requests go to the tile server that the page's
 * Content-Security-Policy names.
 */
export default function TileMap({ point, tiles, attribution }: Props) {
  const t = useT(deviceStrings);
  const box = useRef<HTMLDivElement>(null);
  const { latitude, longitude, accuracy } = point;
  const [closer, farther] = [t("where.zoomIn"), t("where.zoomOut")];
  useEffect(() => {
    if (!box.current) return;
    const at = L.latLng(latitude, longitude);
    const map = L.map(box.current, { zoomControl: false, attributionControl: false, scrollWheelZoom: false });
    L.control.zoom({ zoomInTitle: closer, zoomOutTitle: farther }).addTo(map);
    L.control.scale({ imperial: false }).addTo(map);
    L.control.attribution({ prefix: false }).addTo(map);
    L.tileLayer(tiles, { attribution: inHTML(attribution), maxZoom: 19 }).addTo(map);
    const circle = L.circle(at, { radius: Math.max(accuracy, 1), color: "#1971c2", weight: 1, fillOpacity: 0.15, interactive: false }).addTo(map);
    L.circleMarker(at, { radius: 7, color: "#fff", weight: 2, fillColor: "#c92a2a", fillOpacity: 1, interactive: false }).addTo(map);
    map.setView(at, closest);
    map.fitBounds(circle.getBounds().pad(0.4), { maxZoom: closest, animate: false });
    return () => {
      map.remove();
    };
  }, [latitude, longitude, accuracy, tiles, attribution, closer, farther]);
  return <div ref={box} className={classes.map} role="region" aria-label={t("where.map")} />;
}

/** Leaflet takes HTML for this text; ours is plain. */
function inHTML(text: string): string {
  const element = document.createElement("span");
  element.textContent = text;
  return element.innerHTML;
}
