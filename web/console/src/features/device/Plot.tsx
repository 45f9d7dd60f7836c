import { number } from "../../i18n/format";
import { useT } from "../../i18n/strings";
import type { Point } from "./Coordinates";
import classes from "./device.module.css";
import { deviceStrings } from "./strings";

const width = 400;
const height = 240;

/** Round lengths for a scale, in metres. */
const lengths = [5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 50_000];

/**
 * A point and its circle of accuracy, drawn to scale with a grid and a scale bar:
 * what there is to see without a map, and without asking anybody for one.
 */
export function Plot({ point, words }: { point: Point; words: string }) {
  const t = useT(deviceStrings);
  const radius = Math.max(point.accuracy, 5);
  const perMetre = (height * 0.32) / radius;
  const grid = lengths.find((metres) => metres * perMetre >= 45) ?? radius;
  const step = grid * perMetre;
  const [x, y] = [width / 2, height / 2];
  return (
    <svg viewBox={`0 0 ${width} ${height}`} className={classes.plot} role="img" aria-label={t("where.plot", { at: words, metres: number(Math.round(point.accuracy)) })}>
      <g stroke="currentColor" strokeOpacity={0.15}>
        {around(x, step, width).map((at) => (
          <line key={`x${at}`} x1={at} x2={at} y1={0} y2={height} />
        ))}
        {around(y, step, height).map((at) => (
          <line key={`y${at}`} y1={at} y2={at} x1={0} x2={width} />
        ))}
      </g>
      {point.accuracy > 0 && <circle cx={x} cy={y} r={radius * perMetre} fill="var(--mantine-color-blue-6)" fillOpacity={0.15} stroke="var(--mantine-color-blue-6)" />}
      <circle cx={x} cy={y} r={6} fill="var(--mantine-color-red-7)" stroke="white" strokeWidth={2} />
      <g stroke="currentColor" strokeWidth={2} fill="none">
        <path d={`M 14 ${height - 20} v 6 h ${step} v -6`} />
        <path d="M 380 34 v -20 m -5 7 l 5 -7 l 5 7" />
      </g>
      <text x={18} y={height - 22} fill="currentColor" fontSize={12}>
        {metres(grid)}
      </text>
      <text x={380} y={48} fill="currentColor" fontSize={12} textAnchor="middle">
        {t("where.north")}
      </text>
    </svg>
  );
}

function metres(length: number): string {
  return length >= 1_000 ? `${number(length / 1_000)} km` : `${number(length)} m`;
}

/** The lines of a grid through the middle, in the order of their place. */
function around(middle: number, step: number, end: number): number[] {
  const first = middle - Math.floor(middle / step) * step;
  return Array.from({ length: Math.floor((end - first) / step) + 1 }, (_, i) => first + i * step);
}
