import { Text } from "@mantine/core";
import { number } from "../../i18n/format";
import { useT } from "../../i18n/strings";
import { useMay } from "../../session/useSession";
import { screens } from "../../screens";
import { RouteLink } from "../../ui/RouteLink";
import type { Counted } from "./counted";
import { screenOf } from "./counted";
import { overviewStrings } from "./strings";

interface Props {
  of: Counted;
  /** What is counted, in words: a number alone says nothing to a screen reader. */
  what: string;
  size?: "sm" | "md" | "lg" | "xl";
}

/**
 * A number that leads to the list behind it. Without the right to see that list
 * it is a number only.
 */
export function NumberLink({ of, what, size = "sm" }: Props) {
  const t = useT(overviewStrings);
  const may = useMay();
  const { path, search } = screenOf(of);
  const screen = screens.find((s) => s.path === path);
  const shown = number(of.count);
  if (!screen || !may(screen.permission)) {
    return (
      <Text span size={size} fw={600} className="tabular">
        {shown}
      </Text>
    );
  }
  return (
    <RouteLink to={path} search={search as never} size={size} fw={600} underline="always" c={of.count === 0 ? "dimmed" : undefined} aria-label={t("count", { what, count: shown })} data-counted={of.count}>
      {shown}
    </RouteLink>
  );
}
