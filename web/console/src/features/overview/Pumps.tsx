import { Button, Table, Text } from "@mantine/core";
import { useState } from "react";
import type { Schemas } from "../../api/client";
import { useT } from "../../i18n/strings";
import { TherapyBadge } from "../../ui/badges";
import { useWords } from "../../words/words";
import { Bars } from "./Bars";
import { Card, Nothing } from "./Card";
import { NumberLink } from "./NumberLink";
import classes from "./Overview.module.css";
import { overviewStrings } from "./strings";

type Numbers = Schemas["PumpNumbers"];

// The colours of TherapyBadge.
const colors: Record<string, string> = { infusing: "red", paused: "orange", standby: "yellow", idle: "green", service: "blue", unknown: "red" };

/** Pumps by derived therapy state. */
export function Pumps({ pumps }: { pumps: Numbers }) {
  const t = useT(overviewStrings);
  const say = useWords();
  return (
    <Card title={t("pumps.title")} about={t("pumps.about")} aside={<NumberLink of={pumps} what={t("pumps.title")} size="xl" />}>
      {pumps.count === 0 ? (
        <Nothing>{t("pumps.none")}</Nothing>
      ) : (
        <Bars
          label={t("pumps.title")}
          head={[t("what"), t("number")]}
          bars={pumps.states.map((s) => ({ ...s, key: s.state, label: <div className={classes.whole}><TherapyBadge state={s.state} /></div>, words: say("therapy", s.state), color: colors[s.state] }))}
        />
      )}
    </Card>
  );
}

const wardsAtFirst = 12;

/** Pumps by ward. */
export function Wards({ pumps }: { pumps: Numbers }) {
  const t = useT(overviewStrings);
  const say = useWords();
  const [all, setAll] = useState(false);
  if (pumps.wards.length === 0) return null;
  const wards = all ? pumps.wards : pumps.wards.slice(0, wardsAtFirst);
  const hidden = pumps.wards.length - wards.length;
  return (
    <Card title={t("pumps.wards")}>
      <Table.ScrollContainer minWidth={640} type="native" scrollAreaProps={{ tabIndex: 0, role: "region", "aria-label": t("pumps.wards") }}>
        <Table aria-label={t("pumps.wards")} verticalSpacing={6} horizontalSpacing="xs">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t("pumps.ward")}</Table.Th>
              <Table.Th className={classes.number}>{t("all")}</Table.Th>
              {pumps.states.map((s) => (
                <Table.Th key={s.state} className={classes.number}>
                  {say("therapy", s.state)}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {wards.map((ward) => (
              <Ward key={ward.place?.id ?? ""} ward={ward} states={pumps.states.map((s) => s.state)} />
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {hidden > 0 && (
        <Button variant="subtle" size="compact-sm" onClick={() => setAll(true)}>
          {t("pumps.more", { count: hidden })}
        </Button>
      )}
    </Card>
  );
}

function Ward({ ward, states }: { ward: Schemas["WardNumbers"]; states: string[] }) {
  const t = useT(overviewStrings);
  const say = useWords();
  const name = ward.place?.words ?? t("pumps.noWard");
  return (
    <Table.Tr>
      <Table.Th scope="row" fw={400}>
        {ward.place?.name ?? name}
        <Text size="xs" c="dimmed">
          {[ward.place?.words.replace(`, ${ward.place.name}`, ""), ward.care_area && t("pumps.careArea")].filter(Boolean).join(" · ")}
        </Text>
      </Table.Th>
      <Table.Td className={classes.number}>
        <NumberLink of={ward} what={name} />
      </Table.Td>
      {states.map((state) => {
        const cell = ward.states.find((s) => s.state === state);
        return (
          <Table.Td key={state} className={classes.number}>
            {cell && <NumberLink of={cell} what={`${name}, ${say("therapy", state)}`} />}
          </Table.Td>
        );
      })}
    </Table.Tr>
  );
}
