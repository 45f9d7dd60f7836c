import { Button } from "@mantine/core";
import { IconMapPinCheck, IconSearch } from "@tabler/icons-react";
import { useT } from "../../i18n/strings";
import { useMay } from "../../session/useSession";
import { isLost, openLoss, type Device } from "./openLoss";
import { lossStrings } from "./strings";

const gone = ["decommissioned", "returned", "written_off"];

/** Whether a loss of this device may be reported, or ended, by me. The server decides in any case. */
export function useLoss(device: Device | undefined): "report" | "found" | undefined {
  const may = useMay();
  if (!device || !may("devices.report_lost") || gone.includes(device.stage)) return undefined;
  if (!isLost(device)) return "report";
  return may("commands.quiet") ? "found" : undefined;
}

/** One click to the report of a loss; of a lost device, to its end. */
export function LossButton({ device, size = "sm" }: { device: Device; size?: "xs" | "sm" }) {
  const t = useT(lossStrings);
  const what = useLoss(device);
  if (!what) return null;
  const found = what === "found";
  return (
    <Button
      variant="default"
      size={size}
      leftSection={found ? <IconMapPinCheck size={16} aria-hidden /> : <IconSearch size={16} aria-hidden />}
      onClick={() => openLoss({ device, found })}
    >
      {t(found ? "foundAgain" : "reportLost")}
    </Button>
  );
}
