import { Button, Chip, Group, Text, Tooltip } from "@mantine/core";
import { IconHistory, IconHourglassLow } from "@tabler/icons-react";
import { useEffect } from "react";
import { api } from "../../api/client";
import { dateTime, day, shortTime } from "../../i18n/format";
import { useT } from "../../i18n/strings";
import { QueryView } from "../../ui/QueryView";
import { RouteLink } from "../../ui/RouteLink";
import { uiStrings } from "../../ui/strings";
import { texts, useAddress } from "../../ui/useAddress";
import classes from "./device.module.css";
import { Card } from "./Facts";
import { useFuture, type ToCome } from "./future";
import { useActorWords, useMomentWords, type Moment } from "./momentWords";
import { lookOf, sortOf, sorts, type Sort } from "./sorts";
import { timelineStrings } from "./timelineStrings";
import type { Device } from "./useDevice";

const page = 30;
/** With a filter pages are read until there is this much to see, or a few of them held nothing. */
const enough = 8;
const mostPages = 6;

/** Everything that happened to the device, newest first. */
export function useTimeline(id: string) {
  return api.useInfiniteQuery(
    "get",
    "/api/v1/devices/{id}/timeline",
    { params: { path: { id }, query: { limit: page } } },
    { pageParamName: "cursor", initialPageParam: "", getNextPageParam: (last) => last.next_cursor || undefined },
  );
}

/** One timeline, to come and past. */
export function Timeline({ device }: { device: Device }) {
  const t = useT(timelineStrings);
  const ui = useT(uiStrings);
  const [{ shown }, setAddress] = useAddress((raw) => ({ shown: sorts.filter((sort) => texts(raw, "show").includes(sort)) }));
  const future = useFuture(device).filter(({ sort }) => shows(shown, sort));
  const query = useTimeline(device.id);
  const moments = (query.data?.pages ?? []).flatMap(({ items }) => items).filter(({ action }) => shows(shown, sortOf(action)));
  useEnough(query, shown.length > 0, moments.length);
  return (
    <Card title={t("title")} icon={IconHistory}>
      <Chip.Group multiple value={shown} onChange={(values) => setAddress({ show: values.length > 0 ? values : undefined }, { replace: true })}>
        <Group gap={6} role="group" aria-label={t("filter")} className={classes.noPrint}>
          {sorts.map((sort) => (
            <Chip key={sort} value={sort} size="xs" variant="outline">
              {t(`sorts.${sort}`)}
            </Chip>
          ))}
        </Group>
      </Chip.Group>
      <ToComeList future={future} />
      <QueryView query={query}>
        {() => (
          <>
            {moments.length === 0 && !query.isFetchingNextPage && (
              <Text size="sm" c="dimmed" mt="sm">
                {t("empty")}
              </Text>
            )}
            <Days moments={moments} />
            {query.hasNextPage && (
              <Button mt="sm" size="xs" variant="default" className={classes.noPrint} loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                {ui("more")}
              </Button>
            )}
          </>
        )}
      </QueryView>
    </Card>
  );
}

function shows(shown: Sort[], sort: Sort): boolean {
  return shown.length === 0 || shown.includes(sort);
}

/** Reads on by itself while a filter leaves next to nothing to see. */
function useEnough(query: ReturnType<typeof useTimeline>, filtered: boolean, seen: number): void {
  const { hasNextPage, isFetching, fetchNextPage } = query;
  const pages = query.data?.pages.length ?? 0;
  useEffect(() => {
    if (filtered && seen < enough && pages < mostPages && hasNextPage && !isFetching) void fetchNextPage();
  }, [filtered, seen, pages, hasNextPage, isFetching, fetchNextPage]);
}

function ToComeList({ future }: { future: ToCome[] }) {
  const t = useT(timelineStrings);
  if (future.length === 0) return null;
  return (
    <>
      <div className={classes.day}>{t("future")}</div>
      <ol className={classes.moments}>
        {future.map(({ key, at, words, link, day: whole }) => (
          <li className={classes.moment} key={key}>
            <span className={classes.momentIcon}>
              <IconHourglassLow size={16} aria-hidden />
            </span>
            <span>
              {words}{" "}
              {link && (
                <RouteLink to={link} size="xs">
                  {t("toCommand")}
                </RouteLink>
              )}
            </span>
            {whole ? (
              <time dateTime={at.slice(0, "2026-08-31".length)} className={classes.momentTime}>
                {day(at)}
              </time>
            ) : (
              <Clock at={at} />
            )}
          </li>
        ))}
      </ol>
      <div className={classes.now}>{t("now")}</div>
    </>
  );
}

/** The moments under the day on which they happened. */
export function Days({ moments }: { moments: Moment[] }) {
  const name = useDayName();
  const days: { name: string; moments: Moment[] }[] = [];
  for (const moment of moments) {
    const on = name(moment.at);
    const last = days.at(-1);
    if (last?.name === on) last.moments.push(moment);
    else days.push({ name: on, moments: [moment] });
  }
  return (
    <ol className={classes.days}>
      {days.map((on) => (
        <li key={on.name}>
          <div className={classes.day}>{on.name}</div>
          <ol className={classes.moments}>
            {on.moments.map((moment) => (
              <Line moment={moment} key={moment.id} />
            ))}
          </ol>
        </li>
      ))}
    </ol>
  );
}

function useDayName(): (at: string) => string {
  const t = useT(timelineStrings);
  const yesterday = new Date();
  const today = yesterday.toDateString();
  yesterday.setDate(yesterday.getDate() - 1);
  return (at) => {
    const on = new Date(at).toDateString();
    if (on === today) return t("today");
    return on === yesterday.toDateString() ? t("yesterday") : day(at);
  };
}

function Line({ moment }: { moment: Moment }) {
  const t = useT(timelineStrings);
  const words = useMomentWords();
  const actor = useActorWords();
  const { Icon } = lookOf(moment.action);
  const { title, more } = words(moment);
  return (
    <li className={classes.moment}>
      <span className={classes.momentIcon}>
        <Icon size={16} aria-hidden />
      </span>
      <div>
        <div>{title}</div>
        <div className={classes.momentMore}>
          {[...more, actor(moment)].filter(Boolean).join(" · ")}
          {moment.command_id && (
            <>
              {" · "}
              <RouteLink to={`/commands/${moment.command_id}`} size="xs">
                {t("toCommand")}
              </RouteLink>
            </>
          )}
        </div>
      </div>
      <Clock at={moment.at} />
    </li>
  );
}

function Clock({ at }: { at: string }) {
  return (
    <Tooltip label={dateTime(at)} withArrow openDelay={300}>
      <time dateTime={at} className={classes.momentTime}>
        {shortTime(at)}
      </time>
    </Tooltip>
  );
}
