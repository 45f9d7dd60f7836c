import { SegmentedControl } from "@mantine/core";
import { useNavigate, useRouterState } from "@tanstack/react-router";
import { useT } from "../../i18n/strings";
import { commandsStrings } from "./strings";

/** Between single commands and batches of them. */
export function Tabs() {
  const t = useT(commandsStrings);
  const navigate = useNavigate();
  const path = useRouterState({ select: (state) => state.location.pathname });
  return (
    <div>
      <SegmentedControl
        size="sm"
        aria-label={t("tabs.label")}
        value={path}
        onChange={(to) => void navigate({ to })}
        data={[
          { value: "/commands", label: t("tabs.commands") },
          { value: "/batches", label: t("tabs.batches") },
        ]}
      />
    </div>
  );
}
