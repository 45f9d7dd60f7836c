import { Navigate } from "@tanstack/react-router";
import type { ComponentType } from "react";
import { useT } from "../i18n/strings";
import { screens, type Screen } from "../screens";
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
    if (may(screen.permission)) return <Content />;
    // Who signs in begins at the first screen that is theirs.
    const first = screen.path === "/" ? screens.find((other) => other.menu && may(other.permission)) : undefined;
    return first ? <Navigate to={first.path} replace /> : <NoPermission screen={screen} />;
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
