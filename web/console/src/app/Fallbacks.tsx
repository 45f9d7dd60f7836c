import { Button } from "@mantine/core";
import { IconBug, IconMapQuestion } from "@tabler/icons-react";
import { useT } from "../i18n/strings";
import { Empty } from "../ui/Empty";
import { Page } from "../ui/Page";
import { RouteLink } from "../ui/RouteLink";
import { appStrings } from "./strings";

export function NotFound() {
  const t = useT(appStrings);
  return (
    <Page title={t("notFound.title")}>
      <Empty icon={IconMapQuestion} title={t("notFound.title")}>
        {t("notFound.text")} <RouteLink to="/">{t("notFound.back")}</RouteLink>
      </Empty>
    </Page>
  );
}

/** A screen threw: the rest of the console goes on. */
export function Broken() {
  const t = useT(appStrings);
  return (
    <Page title={t("broken.title")}>
      <Empty icon={IconBug} title={t("broken.title")}>
        <p>{t("broken.text")}</p>
        <Button variant="default" onClick={() => location.reload()}>
          {t("broken.reload")}
        </Button>
      </Empty>
    </Page>
  );
}
