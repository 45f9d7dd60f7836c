import { language } from "../../i18n/i18n";

const units = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
] as const;

/** A length of time in the biggest unit of which there are two: "3 hours", "90 minutes". */
export function lengthOfTime(seconds: number): string {
  const [unit, size] = units.find(([name, s]) => seconds >= 2 * s || name === "second") ?? units[3];
  return new Intl.NumberFormat(language(), { style: "unit", unit, unitDisplay: "long" }).format(Math.round(seconds / size));
}
