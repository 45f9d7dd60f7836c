import { Anchor } from "@mantine/core";
import { IconArrowLeft } from "@tabler/icons-react";
import { appStrings } from "../../app/strings";
import { useT } from "../../i18n/strings";
import { RouteLink } from "../../ui/RouteLink";

/** The way back, to the enrollments or to what the screen belongs to. */
export function Back({ to = "/enrollment", search, children }: { to?: string; search?: object; children?: string }) {
  const t = useT(appStrings);
  return (
    <RouteLink to={to} search={search as never} size="sm" w="fit-content">
      <Anchor component="span" inherit>
        <IconArrowLeft size={14} aria-hidden /> {children ?? t("screens.enrollment")}
      </Anchor>
    </RouteLink>
  );
}
