import { Button, Checkbox, Popover, ScrollArea, Stack } from "@mantine/core";
import { IconColumns3 } from "@tabler/icons-react";
import { useT } from "../../i18n/strings";
import { columnNames, type ColumnName } from "./columns";
import { devicesStrings } from "./strings";

interface Props {
  chosen: ColumnName[];
  setChosen: (columns: ColumnName[]) => void;
  reset: () => void;
}

/** Which columns the list has. */
export function ColumnMenu({ chosen, setChosen, reset }: Props) {
  const t = useT(devicesStrings);
  return (
    <Popover position="bottom-end" shadow="md" trapFocus returnFocus>
      <Popover.Target>
        <Button variant="default" size="xs" leftSection={<IconColumns3 size={16} aria-hidden />} visibleFrom="sm">
          {t("columnsMenu")}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label={t("columnsMenu")}>
        <ScrollArea.Autosize mah={400}>
          <Checkbox.Group label={t("columnsMenu")} value={chosen} onChange={(values) => setChosen(values as ColumnName[])}>
            <Stack gap={6} my="xs">
              {columnNames.map((name) => (
                <Checkbox key={name} value={name} label={t(`columns.${name}`)} />
              ))}
            </Stack>
          </Checkbox.Group>
        </ScrollArea.Autosize>
        <Button variant="subtle" size="xs" onClick={reset}>
          {t("usualColumns")}
        </Button>
      </Popover.Dropdown>
    </Popover>
  );
}
