import i18next from "./i18n";

/** The reader's own English or German: what a time looks like is not the same in London and New York. */
function locale(): string {
  return navigator.languages.find((tag) => tag.split("-")[0] === i18next.language) ?? i18next.language;
}

const cache = new Map<string, Intl.DateTimeFormat>();

function formatter(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = locale() + JSON.stringify(options);
  let f = cache.get(key);
  if (!f) cache.set(key, (f = new Intl.DateTimeFormat(locale(), options)));
  return f;
}

/** Date and time with its zone, as in a protocol: "23 Nov 2026, 03:14:07 CET". */
export function dateTime(at: string | number | Date): string {
  return formatter({ dateStyle: "medium", timeStyle: "long" }).format(new Date(at));
}

/** The time of day with its zone for today, with the date for other days. */
export function shortTime(at: string | number | Date, now: number = Date.now()): string {
  const date = new Date(at);
  const today = new Date(now).toDateString() === date.toDateString();
  return formatter({
    ...(today ? {} : { day: "numeric", month: "short", year: date.getFullYear() === new Date(now).getFullYear() ? undefined : "numeric" }),
    hour: "2-digit",
    minute: "2-digit",
    timeZoneName: "short",
  }).format(date);
}

export function day(at: string | number | Date): string {
  return formatter({ dateStyle: "medium" }).format(new Date(at));
}

const units: ["day" | "hour" | "minute" | "second", number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];

/** "4 minutes ago", "in 2 hours"; seconds count from now, the past is negative. */
export function relative(seconds: number): string {
  const f = new Intl.RelativeTimeFormat(locale(), { numeric: "auto", style: "short" });
  for (const [unit, size] of units) {
    // Two of a unit at least: "90 minutes" says more than "2 hours".
    if (Math.abs(seconds) >= 2 * size || unit === "second") return f.format(Math.trunc(seconds / size), unit);
  }
  return "";
}

/** A span of time in its greatest whole unit, as relative() does: "4 min". */
export function duration(seconds: number): string {
  for (const [unit, size] of units) {
    if (seconds >= 2 * size || unit === "second") {
      return new Intl.NumberFormat(i18next.language, { style: "unit", unit, unitDisplay: "short" }).format(Math.round(seconds / size));
    }
  }
  return "";
}

export function number(n: number): string {
  return new Intl.NumberFormat(locale()).format(n);
}
