import { Button, Stack, Text } from "@mantine/core";
import { lazy, Suspense } from "react";
import { Link } from "wouter";
import { useT } from "../../i18n/strings";
import { Frame } from "../Frame";
import { selfScreens } from "../screens";
import { useSelf } from "../session";
import { selfStrings } from "../strings";

const OverdueNotice = lazy(() => import("../OverdueNotice"));

/** The first screen: what can be done, the most urgent first. */
export function HomePage() {
  const t = useT(selfStrings);
  const { me } = useSelf();
  return (
    <Frame title={me ? t("hello", { name: me.name || me.username }) : t("welcome")} home>
      {me && (
        <Suspense fallback={null}>
          <OverdueNotice />
        </Suspense>
      )}
      <Text>{t("about")}</Text>
      <Stack component="nav" gap="sm" aria-label={t("whatToDo")}>
        {selfScreens
          .filter((screen) => screen.tile)
          .map((screen) => (
            <Button key={screen.path} component={Link} href={screen.path} size="xl" fullWidth variant={screen.path === "/lost" ? "filled" : "default"} color={screen.path === "/lost" ? "red.9" : undefined}>
              {t(`screens.${screen.name}`)}
            </Button>
          ))}
      </Stack>
    </Frame>
  );
}
