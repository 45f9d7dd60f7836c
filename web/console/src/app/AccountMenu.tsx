import { ActionIcon, Menu, Text, useMantineColorScheme } from "@mantine/core";
import { IconDeviceDesktop, IconLanguage, IconLogout, IconMoon, IconSun, IconUser, IconUserCircle } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { language, setLanguage } from "../i18n/i18n";
import { useT } from "../i18n/strings";
import { screens } from "../screens";
import { session } from "../session/session";
import { useMe } from "../session/useSession";
import { useWords } from "../words/words";
import { appStrings } from "./strings";

/** Who I am, how the console looks to me, and the way out. */
export function AccountMenu() {
  const t = useT(appStrings);
  const say = useWords();
  const me = useMe();
  const navigate = useNavigate();
  const { setColorScheme } = useMantineColorScheme();
  const name = me.name || me.username;
  return (
    <Menu position="bottom-end" width={240} withArrow>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t("account.menu", { name })}>
          <IconUserCircle size={22} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          <Text size="sm" fw={600}>
            {name}
          </Text>
          <Text size="xs">{me.roles.map((role) => say("role", role)).join(", ")}</Text>
        </Menu.Label>
        {screens.some((screen) => screen.path === "/account") && (
          <Menu.Item leftSection={<IconUser size={16} aria-hidden />} onClick={() => void navigate({ to: "/account" })}>
            {t("account.mine")}
          </Menu.Item>
        )}
        <Menu.Divider />
        <Menu.Item leftSection={<IconSun size={16} aria-hidden />} onClick={() => setColorScheme("light")}>
          {t("theme.toLight")}
        </Menu.Item>
        <Menu.Item leftSection={<IconMoon size={16} aria-hidden />} onClick={() => setColorScheme("dark")}>
          {t("theme.toDark")}
        </Menu.Item>
        <Menu.Item leftSection={<IconDeviceDesktop size={16} aria-hidden />} onClick={() => setColorScheme("auto")}>
          {t("theme.toAuto")}
        </Menu.Item>
        <Menu.Item
          leftSection={<IconLanguage size={16} aria-hidden />}
          lang={language() === "en" ? "de" : "en"}
          onClick={() => setLanguage(language() === "en" ? "de" : "en")}
        >
          {t("language.to")}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={16} aria-hidden />} onClick={() => void session.signOut()}>
          {t("account.signOut")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
