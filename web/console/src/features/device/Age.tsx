import { Tooltip } from "@mantine/core";
import { createContext, useContext } from "react";
import { useTranslation } from "react-i18next";
import { dateTime, relative } from "../../i18n/format";
import { useNow } from "../../ui/useNow";

/** When what is shown was read, by this browser's clock. */
export const ReadAt = createContext(0);

/** Seconds that have passed since what is shown was read. */
export function useSinceRead(): number {
  return Math.max(0, (useNow() - useContext(ReadAt)) / 1000);
}

/**
 * An age that the server counted, and that goes on since. Of the browser's clock
 * only the passing counts: the clocks of hospital computers are wrong by tens of
 * minutes.
 */
export function Age({ seconds, at }: { seconds: number; at?: string | null }) {
  useTranslation(); // drawn anew in another language
  const age = seconds + useSinceRead();
  const text = relative(-Math.round(age));
  if (!at) return <>{text}</>;
  return (
    <Tooltip label={dateTime(at)} withArrow openDelay={300}>
      <time dateTime={at}>{text}</time>
    </Tooltip>
  );
}
