import { ActionIcon, AppShell, Burger, Group, Image, Text, Tooltip } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconCommand } from "@tabler/icons-react";
import { Outlet, useRouterState } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { ActionHost } from "../features/actions/ActionHost";
import { LossHost } from "../features/loss/LossHost";
import { useT } from "../i18n/strings";
import { RouteLink } from "../ui/RouteLink";
import { AccountMenu } from "./AccountMenu";
import { LiveSign } from "./LiveSign";
import { Menu } from "./Menu";
import { openPalette, Palette } from "./Palette";
import { RecoveryBanner } from "./RecoveryBanner";
import { SearchBox } from "./SearchBox";
import classes from "./Shell.module.css";
import { appStrings } from "./strings";

/** The frame around every screen. */
export function Shell() {
  const t = useT(appStrings);
  const [menuOpen, menu] = useDisclosure(false);
  const path = useRouterState({ select: (state) => state.location.pathname });
  const main = useNewScreenFocus(path);
  useEffect(() => menu.close(), [path, menu]);
  return (
    <AppShell header={{ height: 56 }} navbar={{ width: 232, breakpoint: "sm", collapsed: { mobile: !menuOpen } }} padding="md">
      <a href="#content" className={classes.skip}>
        {t("skip")}
      </a>
      <AppShell.Header className={classes.frame}>
        <Group h="100%" px="md" gap="sm" wrap="nowrap">
          <Burger opened={menuOpen} onClick={menu.toggle} hiddenFrom="sm" size="sm" aria-label={t("openMenu")} aria-expanded={menuOpen} />
          <RouteLink to="/" underline="never" c="inherit" className={classes.brand} aria-label="Wardline">
            <Image src="/favicon.svg" alt="" w={26} h={26} />
            {/* eslint-disable-next-line i18next/no-literal-string -- the product's name is the same in each language */}
            <Text fw={700} visibleFrom="xs">Wardline</Text>
          </RouteLink>
          <div className={classes.search}>
            <SearchBox />
          </div>
          <Group gap="xs" wrap="nowrap" className={classes.tools}>
            <div className={classes.live}>
              <LiveSign />
            </div>
            <Tooltip label={t("palette.open")} withArrow>
              <ActionIcon variant="subtle" color="gray" size="lg" visibleFrom="sm" aria-label={t("palette.open")} onClick={openPalette}>
                <IconCommand size={18} aria-hidden />
              </ActionIcon>
            </Tooltip>
            <AccountMenu />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar aria-label={t("navigation")} p="xs" className={classes.frame}>
        <Menu />
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1} ref={main} className={classes.main}>
        <RecoveryBanner />
        <Outlet />
      </AppShell.Main>
      <Palette />
      <LossHost />
      <ActionHost />
    </AppShell>
  );
}

/** After a change of screen the keyboard and the screen reader are at its beginning, not where the old link was. */
function useNewScreenFocus(path: string) {
  const main = useRef<HTMLElement>(null);
  const before = useRef(path);
  useEffect(() => {
    if (before.current === path) return;
    before.current = path;
    if (!main.current?.contains(document.activeElement)) main.current?.focus({ preventScroll: true });
  }, [path]);
  return main;
}
