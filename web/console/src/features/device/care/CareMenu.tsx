import { Button, Menu } from "@mantine/core";
import {
  IconArrowsExchange,
  IconBan,
  IconEdit,
  IconFlag,
  IconLockOpen,
  IconPencil,
  IconRecycle,
  IconShieldCheck,
  type Icon,
} from "@tabler/icons-react";
import { lazy, Suspense, useRef, useState, type ComponentType } from "react";
import type { Schemas } from "../../../api/client";
import { useT } from "../../../i18n/strings";
import { useMay } from "../../../session/useSession";
import { useWords } from "../../../words/words";
import classes from "../device.module.css";
import type { Device } from "../useDevice";
import type { CareProps } from "./CareDialog";
import { careStrings } from "./strings";

const EditDialog = lazy(() => import("./EditDialog"));
const CustodyDialog = lazy(() => import("./CustodyDialog"));
const ConditionDialog = lazy(() => import("./ConditionDialog"));
const HoldDialog = lazy(() => import("./HoldDialog"));
const LiftDialog = lazy(() => import("./LiftDialog"));
const ReleaseDialog = lazy(() => import("./ReleaseDialog"));
const SanitisationDialog = lazy(() => import("./SanitisationDialog"));

interface Entry {
  key: string;
  label: string;
  Icon: Icon;
  Dialog: ComponentType<CareProps>;
  /** The hold that it is about. */
  hold?: Schemas["HoldView"];
}

/** What people who have the device in hand record about it. */
export function CareMenu({ device }: { device: Device }) {
  const t = useT(careStrings);
  const entries = useEntries(device);
  const [open, setOpen] = useState<Entry>();
  const button = useRef<HTMLButtonElement>(null);
  if (entries.length === 0) return null;
  const close = () => {
    setOpen(undefined);
    requestAnimationFrame(() => button.current?.focus());
  };
  return (
    <div className={classes.noPrint}>
      <Menu position="bottom-end" withArrow returnFocus={false}>
        <Menu.Target>
          <Button ref={button} variant="default" size="sm" leftSection={<IconPencil size={16} aria-hidden />}>
            {t("menu")}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {entries.map((entry) => (
            <Menu.Item key={entry.key} leftSection={<entry.Icon size={16} aria-hidden />} onClick={() => setOpen(entry)}>
              {entry.label}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      {/* The dialog takes the device as it is now, and not as it was when the dialog opened. */}
      {open && <Suspense fallback={null}><open.Dialog device={device} onClose={close} {...(open.hold && { hold: open.hold })} /></Suspense>}
    </div>
  );
}

function useEntries(device: Device): Entry[] {
  const t = useT(careStrings);
  const say = useWords();
  const may = useMay();
  const pump = device.class.startsWith("pump_");
  const contained = device.certificate?.status === "contained";
  const entries: (Entry | false)[] = [
    may("devices.write") && { key: "edit", label: t("edit"), Icon: IconEdit, Dialog: EditDialog },
    may("devices.custody") && { key: "custody", label: t("custody"), Icon: IconArrowsExchange, Dialog: CustodyDialog },
    may("devices.condition") && { key: "condition", label: t("condition"), Icon: IconRecycle, Dialog: ConditionDialog },
    may("devices.hold") && { key: "hold", label: t("hold"), Icon: IconFlag, Dialog: HoldDialog },
    // A loss ends by its own button: more than a hold is lifted then.
    ...(may("devices.hold") ? device.holds.filter((hold) => hold.kind !== "lost") : []).map((hold) => ({
      key: `lift-${hold.kind}`,
      label: t("lift", { hold: say("hold", hold.kind) }),
      Icon: IconLockOpen,
      Dialog: LiftDialog,
      hold,
    })),
    contained && may(pump ? "commands.contain_medical" : "commands.contain_personal") && { key: "release", label: t("release"), Icon: IconBan, Dialog: ReleaseDialog },
    pump && may("devices.write") && { key: "sanitised", label: t("sanitised"), Icon: IconShieldCheck, Dialog: SanitisationDialog },
  ];
  return entries.filter((entry) => entry !== false);
}
