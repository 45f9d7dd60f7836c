import { Button, Group, List, Text } from "@mantine/core";
import { IconDeviceMobileCharging } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { api, type Schemas } from "../../api/client";
import { useT } from "../../i18n/strings";
import { useMay } from "../../session/useSession";
import { notifyDone } from "../../ui/notify";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { QueryView } from "../../ui/QueryView";
import { Time } from "../../ui/Time";
import { Card, Fact, Facts } from "../device/Facts";
import { handheldsStrings } from "./strings";

type Detail = Schemas["SharedHandheldDetail"];
type Use = Schemas["UseView"];

/** On the page of a shared handheld: who has it since when, and who had it. */
export function HolderCard({ id }: { id: string }) {
  const t = useT(handheldsStrings);
  const query = api.useQuery("get", "/api/v1/shared-handhelds/{id}", { params: { path: { id } } });
  return (
    <Card title={t("device.title")} icon={IconDeviceMobileCharging}>
      <QueryView query={query}>{(handheld) => <Holder handheld={handheld} />}</QueryView>
    </Card>
  );
}

function Holder({ handheld }: { handheld: Detail }) {
  const t = useT(handheldsStrings);
  const open = handheld.uses.find((use) => !use.ended_at);
  const before = handheld.uses.filter((use) => use.ended_at);
  return (
    <>
      <Facts>
        <Fact label={t("device.holder")}>{open ? `${open.name} (${open.username})` : t("device.nobody")}</Fact>
        {open && (
          <>
            <Fact label={t("device.since")}>
              <Time at={open.taken_at} />, {open.via}
            </Fact>
            <Fact label={t("device.due")}>
              <Time at={open.due_at} />
              {handheld.state === "overdue" && `, ${t("device.overdue")}`}
            </Fact>
          </>
        )}
        {(open ?? before[0]) && <Rule use={(open ?? before[0]) as Use} />}
        {open?.disputed_at && (
          <Fact label={t("device.disputed")}>
            <Time at={open.disputed_at} as="clock" />
          </Fact>
        )}
        <Fact label={t("device.before")} unknown={t("device.nothingBefore")}>
          {before.length > 0 && (
            <List size="sm" listStyleType="none">
              {before.slice(0, 5).map((use) => (
                <List.Item key={use.taken_at}>
                  {use.name}, {t("device.from")} <Time at={use.taken_at} as="clock" /> {t("device.to")} <Time at={use.ended_at} as="clock" />
                  {use.ending === "handed_over" && ` (${t("device.handedOver")})`}
                  {use.cleared_at && `, ${t("device.cleared")}`}
                </List.Item>
              ))}
            </List>
          )}
        </Fact>
      </Facts>
      {open && <BringBack handheld={handheld} />}
    </>
  );
}

/** What the rule did because it stayed away. */
function Rule({ use }: { use: Use }) {
  const t = useT(handheldsStrings);
  if (!use.reminded_at && !use.locked_at && !use.note) return null;
  const done = (["reminded", "locked", "released"] as const).filter((what) => use[`${what}_at`]);
  return (
    <Fact label={t("device.rule")}>
      {done.map((what, n) => (
        <span key={what}>
          {n > 0 && ", "}
          {t(`device.${what}`)} <Time at={use[`${what}_at`]} />
        </span>
      ))}
      {use.note && <Text size="sm">{use.note}</Text>}
    </Fact>
  );
}

function BringBack({ handheld }: { handheld: Detail }) {
  const t = useT(handheldsStrings);
  const may = useMay();
  const queries = useQueryClient();
  const back = api.useMutation("post", "/api/v1/shared-handhelds/{id}/return", {
    onSuccess: () => {
      void queries.invalidateQueries();
      notifyDone(t("device.back"));
    },
  });
  if (!may("handhelds.serve")) return null;
  return (
    <Group mt="sm">
      {back.error && <ProblemAlert error={back.error} />}
      <Button variant="default" size="xs" loading={back.isPending} onClick={() => back.mutate({ params: { path: { id: handheld.id } } })}>
        {t("device.bringBack")}
      </Button>
    </Group>
  );
}
