import type { ComponentType } from "react";
import { useT } from "../i18n/strings";
import type { Screen } from "../screens";
import { useMay, useMe } from "../session/useSession";
import { Empty } from "../ui/Empty";
import { Page } from "../ui/Page";
import { IconLock } from "@tabler/icons-react";
import { useWords } from "../words/words";
import { appStrings } from "./strings";

/** Shows a screen to those who may see it; the others are told why not. The server asks again in any case. */
export function guarded(screen: Screen, Content: ComponentType): ComponentType {
  return function Guarded() {
    const may = useMay();
    return may(screen.permission) ? <Content /> : <NoPermission screen={screen} />;
  };
}

function NoPermission({ screen }: { screen: Screen }) {
  const t = useT(appStrings);
  const say = useWords();
  const me = useMe();
  return (
    <Page title={t(`screens.${screen.name}`)}>
      <Empty icon={IconLock} title={t("noPermission.title")}>
        {t("noPermission.text", { name: me.name || me.username, roles: me.roles.map((role) => say("role", role)).join(", ") })}
      </Empty>
    </Page>
  );
}
