import { Button, Menu } from "@mantine/core";
import { IconFileReport } from "@tabler/icons-react";
import { useState } from "react";
import { send } from "../../api/client";
import { useT } from "../../i18n/strings";
import { useMay } from "../../session/useSession";
import { keepFile } from "../../ui/keepFile";
import { notifyProblem } from "../../ui/notify";
import type { Device } from "./openLoss";
import { lossStrings } from "./strings";

const formats = ["pdf", "html", "json"] as const;

/** The loss report as a file: for a privacy officer, for print, for a program. */
export function LossReportMenu({ device }: { device: Device }) {
  const t = useT(lossStrings);
  const may = useMay();
  const [busy, setBusy] = useState(false);
  if (!may("evidence.read")) return null;
  const keep = async (format: (typeof formats)[number]) => {
    setBusy(true);
    try {
      const asked = new URLSearchParams({ format, language: t("report.language") });
      const response = await send(new Request(`${location.origin}/api/v1/devices/${device.id}/loss-report?${asked}`));
      if (!response.ok) throw await response.json();
      keepFile(await response.blob(), `${t("report.file")}-${device.serial}.${format}`);
    } catch (error) {
      notifyProblem(t("report.failed"), error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Menu position="bottom-end" withArrow>
      <Menu.Target>
        <Button variant="default" size="sm" loading={busy} leftSection={<IconFileReport size={16} aria-hidden />}>
          {t("report.menu")}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {formats.map((format) => (
          <Menu.Item key={format} onClick={() => void keep(format)}>
            {t(`report.${format}`)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
