import { NavLink, ScrollArea, Text, type NavLinkProps } from "@mantine/core";
import { createLink } from "@tanstack/react-router";
import { forwardRef } from "react";
import { useT } from "../i18n/strings";
import { screens } from "../screens";
import { useMay } from "../session/useSession";
import { later } from "../ui/later";
import { icons } from "./icons";
import { appStrings } from "./strings";

const Item = createLink(
  forwardRef<HTMLAnchorElement, NavLinkProps>(function Item(props, ref) {
    return <NavLink component="a" ref={ref} {...props} />;
  }),
);

const AlertCount = later(async () => (await import("../features/alerts/AlertCount")).AlertCount);
const InboxCount = later(async () => (await import("../features/inbox/InboxCount")).InboxCount);

const groups = ["work", "setup", "people"] as const;

/** The screens that I may see, by kind of work. */
export function Menu() {
  const t = useT(appStrings);
  const may = useMay();
  return (
    <ScrollArea>
      {groups.map((group) => {
        const mine = screens.filter((screen) => screen.menu?.group === group && may(screen.permission));
        if (mine.length === 0) return null;
        return (
          <div key={group}>
            <Text size="xs" c="dimmed" fw={600} px="sm" pt="sm" pb={4}>
              {t(`groups.${group}`)}
            </Text>
            {mine.map(({ path, name, menu }) => {
              const Icon = icons[menu?.icon ?? "overview"];
              return (
                <Item
                  key={path}
                  to={path}
                  label={t(`screens.${name}`)}
                  leftSection={<Icon size={18} aria-hidden />}
                  rightSection={menu?.count === "inbox" ? <InboxCount /> : menu?.count === "alerts" && <AlertCount />}
                  activeOptions={{ exact: path === "/" }}
                  activeProps={{ "data-active": true, "aria-current": "page" } as object}
                />
              );
            })}
          </div>
        );
      })}
    </ScrollArea>
  );
}
