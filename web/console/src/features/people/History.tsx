import { Stack, Text } from "@mantine/core";
import type { Schemas } from "../../api/client";
import { useT } from "../../i18n/strings";
import { QueryView } from "../../ui/QueryView";
import { Time } from "../../ui/Time";
import { useNow } from "../../ui/useNow";
import { Part } from "../account/Line";
import { WhatChanges } from "./Changes";
import { isOver } from "./person";
import { peopleStrings } from "./strings";

interface Props {
  changes: { data: Schemas["PageAccountChangeView"] | undefined; error: unknown; refetch: () => unknown };
}

/** What was asked for this account before, and who decided. */
export function History({ changes }: Props) {
  const t = useT(peopleStrings);
  const now = useNow();
  const ended = (page: Schemas["PageAccountChangeView"]) => page.items.filter((one) => one.state !== "pending" || isOver(one, now));
  return (
    <Part title={t("change.history")}>
      <QueryView
        query={changes}
        isEmpty={(page) => ended(page).length === 0}
        empty={
          <Text size="sm" c="dimmed">
            {t("change.historyNone")}
          </Text>
        }
      >
        {(page) => (
          <Stack gap="sm">
            {ended(page).map((one) => {
              const state = t(`change.state.${isOver(one, now) ? "over" : one.state}`);
              return (
                <div key={one.id}>
                  <Text fw={500}>{one.decided_by ? t("change.decided", { state, who: one.decided_by }) : state}</Text>
                  <WhatChanges change={one} />
                  {one.why && <Text size="sm">{one.why}</Text>}
                  <Text size="sm" c="dimmed">
                    {t("change.asked", { who: one.asked_by })} <Time at={one.created_at} as="clock" />
                    {one.decided_at && (
                      <>
                        {" · "}
                        {state} <Time at={one.decided_at} as="clock" />
                      </>
                    )}
                  </Text>
                </div>
              );
            })}
          </Stack>
        )}
      </QueryView>
    </Part>
  );
}
