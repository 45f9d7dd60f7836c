import "@mantine/spotlight/styles.css";
import { Spotlight, spotlight, type SpotlightActionData } from "@mantine/spotlight";
import { useMantineColorScheme } from "@mantine/core";
import { IconLanguage, IconLogout, IconMoon, IconSearch, IconSun } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { language, setLanguage } from "../i18n/i18n";
import { useT } from "../i18n/strings";
import { screens } from "../screens";
import { session } from "../session/session";
import { useMay } from "../session/useSession";
import { icons } from "./icons";
import { appStrings } from "./strings";

/** Opens anew each time when `opening` changes. */
export default function PaletteDialog({ opening }: { opening: number }) {
  const t = useT(appStrings);
  const may = useMay();
  const navigate = useNavigate();
  useEffect(() => spotlight.open(), [opening]);
  const { setColorScheme } = useMantineColorScheme();
  const actions: SpotlightActionData[] = screens
    .filter((screen) => screen.menu && may(screen.permission))
    .map(({ path, name, menu }) => {
      const Icon = icons[menu?.icon ?? "overview"];
      return {
        id: path,
        label: t("palette.goTo", { screen: t(`screens.${name}`) }),
        leftSection: <Icon size={18} aria-hidden />,
        onClick: () => void navigate({ to: path }),
      };
    });
  actions.push(
    { id: "dark", label: t("theme.toDark"), leftSection: <IconMoon size={18} aria-hidden />, onClick: () => setColorScheme("dark") },
    { id: "light", label: t("theme.toLight"), leftSection: <IconSun size={18} aria-hidden />, onClick: () => setColorScheme("light") },
    {
      id: "language",
      label: t("language.label"),
      leftSection: <IconLanguage size={18} aria-hidden />,
      onClick: () => setLanguage(language() === "en" ? "de" : "en"),
    },
    { id: "sign-out", label: t("account.signOut"), leftSection: <IconLogout size={18} aria-hidden />, onClick: () => void session.signOut() },
  );
  return (
    <Spotlight
      actions={actions}
      nothingFound={t("palette.nothing")}
      shortcut={null}
      highlightQuery
      scrollable
      searchProps={{ leftSection: <IconSearch size={18} aria-hidden />, placeholder: t("palette.placeholder"), "aria-label": t("palette.placeholder") }}
    />
  );
}
