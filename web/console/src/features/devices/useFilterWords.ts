import { api } from "../../api/client";
import { dateTime } from "../../i18n/format";
import { useT } from "../../i18n/strings";
import { useWords } from "../../words/words";
import { filters, type FilterName } from "./filters";
import { devicesStrings } from "./strings";
import { usePlaces } from "./usePlaces";

/** The lengths of silence that are offered, in hours. */
export const silenceHours = [0.25, 1, 8, 24, 168, 720];

/** What the values of a filter are called. */
export function useFilterWords(name: FilterName, values: string[]): string[] {
  const t = useT(devicesStrings);
  const say = useWords();
  const silence = useSilenceWords();
  const filter = filters[name];
  const models = api.useQuery(
    "get",
    "/api/v1/models",
    { params: { query: { limit: 200 } } },
    { enabled: filter.by === "model" && values.length > 0, staleTime: 60_000 },
  );
  const configurations = api.useQuery("get", "/api/v1/configurations", { params: { query: { limit: 200 } } }, { enabled: filter.by === "configuration" && values.length > 0, staleTime: 60_000 });
  const places = usePlaces(filter.by === "place" && values.length > 0);
  return values.map((value) => {
    switch (filter.by) {
      case "words":
        return say(filter.list, value);
      case "model": {
        const model = models.data?.items.find(({ id }) => id === value);
        return model ? `${model.maker} ${model.name}` : value;
      }
      case "configuration":
        return configurations.data?.items.find(({ id }) => id === value)?.name ?? value;
      case "place":
        return places.data?.find(({ id }) => id === value)?.words ?? value;
      case "silence":
        return silence(value);
      case "days":
        return t("filters.within", { count: Number(value) });
      case "text":
        return value;
    }
  });
}

/** "for 8 hours", or "since 21 Nov 2026, 08:00 CET". */
export function useSilenceWords(): (value: string) => string {
  const t = useT(devicesStrings);
  return (value) => {
    const hours = Number(value);
    if (Number.isNaN(hours)) return Number.isNaN(Date.parse(value)) ? value : t("filters.since", { time: dateTime(value) });
    if (hours < 1) return t("filters.forMinutes", { count: Math.round(hours * 60) });
    if (hours < 24) return t("filters.forHours", { count: hours });
    return t("filters.forDays", { count: Math.round(hours / 24) });
  };
}
