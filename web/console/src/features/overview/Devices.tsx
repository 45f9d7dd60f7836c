import { Table } from "@mantine/core";
import type { Schemas } from "../../api/client";
import { useT } from "../../i18n/strings";
import { useWords } from "../../words/words";
import { Card } from "./Card";
import { NumberLink } from "./NumberLink";
import classes from "./Overview.module.css";
import { overviewStrings } from "./strings";

/** Devices by class and management level. */
export function Devices({ overview }: { overview: Schemas["OverviewView"] }) {
  const t = useT(overviewStrings);
  const say = useWords();
  const levels = overview.managements;
  return (
    <Card title={t("devices.title")} about={t("devices.about")} aside={<NumberLink of={overview.devices} what={t("devices.title")} size="xl" />}>
      <Table.ScrollContainer minWidth={190 + 60 * levels.length} type="native" scrollAreaProps={{ tabIndex: 0, role: "region", "aria-label": t("devices.title") }}>
        <Table aria-label={t("devices.title")} verticalSpacing={6} horizontalSpacing={6}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t("devices.class")}</Table.Th>
              <Table.Th className={classes.number}>{t("all")}</Table.Th>
              {levels.map((level) => (
                <Table.Th key={level.management} className={classes.head}>
                  {say("management", level.management)}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {overview.classes.map((row) => (
              <Table.Tr key={row.class}>
                <Table.Th scope="row" fw={400}>
                  {say("class", row.class)}
                </Table.Th>
                <Table.Td className={classes.number}>
                  <NumberLink of={row} what={say("class", row.class)} />
                </Table.Td>
                {levels.map((level) => {
                  const cell = row.managements.find((m) => m.management === level.management);
                  return (
                    <Table.Td key={level.management} className={classes.number}>
                      {cell && <NumberLink of={cell} what={`${say("class", row.class)}, ${say("management", level.management)}`} />}
                    </Table.Td>
                  );
                })}
              </Table.Tr>
            ))}
          </Table.Tbody>
          <Table.Tfoot>
            <Table.Tr>
              <Table.Th scope="row">{t("all")}</Table.Th>
              <Table.Td className={classes.number}>
                <NumberLink of={overview.devices} what={t("all")} />
              </Table.Td>
              {levels.map((level) => (
                <Table.Td key={level.management} className={classes.number}>
                  <NumberLink of={level} what={say("management", level.management)} />
                </Table.Td>
              ))}
            </Table.Tr>
          </Table.Tfoot>
        </Table>
      </Table.ScrollContainer>
    </Card>
  );
}
