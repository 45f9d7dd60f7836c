import { useTranslation } from "react-i18next";
import { dateTime, relative, shortTime } from "../i18n/format";
import { useT } from "../i18n/strings";
import { uiStrings } from "./strings";
import { useNow } from "./useNow";

interface Props {
  at: string | null | undefined;
  /** age: "4 min. ago", counting on. clock: the time with its zone. */
  as?: "age" | "clock";
}

/** A moment. The whole date with its zone is in the tooltip, and read by screen readers as the element's time. */
export function Time({ at, as = "age" }: Props) {
  const t = useT(uiStrings);
  useTranslation(); // drawn anew in another language
  const now = useNow();
  if (!at) return <>{t("never")}</>;
  const seconds = (new Date(at).getTime() - now) / 1000;
  // The browser's own tooltip: a list draws thousands of these while one scrolls.
  return (
    <time dateTime={at} title={dateTime(at)}>
      {as === "age" ? relative(seconds) : shortTime(at, now)}
    </time>
  );
}
