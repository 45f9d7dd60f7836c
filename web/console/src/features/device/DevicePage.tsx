import { Alert, Group, Skeleton, Stack, Tabs, Text } from "@mantine/core";
import { IconEyeOff, IconPlugConnectedX } from "@tabler/icons-react";
import { useParams } from "@tanstack/react-router";
import { useContext } from "react";
import { dateTime, relative } from "../../i18n/format";
import { useT } from "../../i18n/strings";
import { useMay } from "../../session/useSession";
import { later } from "../../ui/later";
import { Page } from "../../ui/Page";
import { QueryView } from "../../ui/QueryView";
import { RouteLink } from "../../ui/RouteLink";
import { uiStrings } from "../../ui/strings";
import { text, useAddress } from "../../ui/useAddress";
import { useWords } from "../../words/words";
import { DeviceActions } from "../actions/DeviceActions";
import { LossButton } from "../loss/LossButton";
import { LossReportMenu } from "../loss/LossReportMenu";
import { ReadAt, useSinceRead } from "./Age";
import { Badges } from "./Badges";
import { CareMenu } from "./care/CareMenu";
import { CopyText } from "./CopyText";
import classes from "./device.module.css";
import { How } from "./How";
import { Pending } from "./Pending";
import { deviceStrings } from "./strings";
import { Therapy } from "./Therapy";
import { Timeline } from "./Timeline";
import { nameOf, speaks, useDevice, type Device } from "./useDevice";
import { Warnings } from "./Warnings";
import { Where } from "./Where";
import { Who } from "./Who";

const HolderCard = later(async () => (await import("../handhelds/HolderCard")).HolderCard);
const Certificates = later(async () => (await import("./Certificates")).Certificates);
const Configuration = later(async () => (await import("./Configuration")).Configuration);
const Inventory = later(async () => (await import("./Inventory")).Inventory);

/** One device: who has it, where it is, how it is, and everything that happened to it. */
export default function DevicePage() {
  const t = useT(deviceStrings);
  const say = useWords();
  const { id = "" } = useParams({ strict: false }) as { id?: string };
  const query = useDevice(id);
  const device = query.data;
  return (
    <Page title={device ? `${say("class", device.class)} ${nameOf(device)}` : t("title")} above={<Back />} actions={device && <HeadActions device={device} />}>
      <QueryView query={query} loading={<Waiting />}>
        {(device) => (
          <ReadAt value={query.dataUpdatedAt}>
            <Content device={device} key={device.id} />
          </ReadAt>
        )}
      </QueryView>
    </Page>
  );
}

function HeadActions({ device }: { device: Device }) {
  return (
    <Group gap="xs" className={classes.noPrint}>
      <LossButton device={device} />
      <LossReportMenu device={device} />
      <CareMenu device={device} />
    </Group>
  );
}

function Back() {
  const t = useT(deviceStrings);
  return (
    <RouteLink to="/devices" size="sm" className={classes.noPrint}>
      {t("allDevices")}
    </RouteLink>
  );
}

function Content({ device }: { device: Device }) {
  return (
    <Stack gap="md">
      <Stale />
      <OnPaper />
      <Identity device={device} />
      <Badges device={device} />
      <Level device={device} />
      <div className={classes.noPrint}>
        <DeviceActions device={device} />
      </div>
      <Warnings device={device} />
      <Pending device={device} />
      <Parts device={device} />
    </Stack>
  );
}

const parts = ["overview", "certificates", "configuration", "inventory"] as const;

/** The parts of the page; those that I may not see are left out. */
function Parts({ device }: { device: Device }) {
  const t = useT(deviceStrings);
  const may = useMay();
  const mine = parts.filter((part) => (part !== "certificates" && part !== "configuration") || may(`${part === "configuration" ? "configurations" : part}.read`));
  const [{ tab }, setAddress] = useAddress((raw) => ({ tab: mine.find((part) => part === text(raw, "tab")) ?? "overview" }));
  return (
    <Tabs value={tab} keepMounted={false} onChange={(value) => setAddress({ tab: value === "overview" ? undefined : value }, { replace: true })}>
      <Tabs.List mb="md" className={classes.noPrint}>
        {mine.map((part) => (
          <Tabs.Tab value={part} key={part}>
            {t(`tabs.${part}`)}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      <Tabs.Panel value="overview">
        <Overview device={device} />
      </Tabs.Panel>
      <Tabs.Panel value="certificates">
        <Certificates device={device} />
      </Tabs.Panel>
      <Tabs.Panel value="configuration">
        <Configuration device={device} />
      </Tabs.Panel>
      <Tabs.Panel value="inventory">
        <Inventory device={device} />
      </Tabs.Panel>
    </Tabs>
  );
}

function Overview({ device }: { device: Device }) {
  const may = useMay();
  return (
    <div className={classes.columns}>
      <Stack gap="md">
        <Therapy device={device} />
        <Who device={device} />
        {device.class === "handheld_shared" && may("handhelds.read") && <HolderCard id={device.id} />}
        <Where device={device} />
        <How device={device} />
      </Stack>
      <Timeline device={device} />
    </div>
  );
}

/** Seconds without a new reading after which the page says how old it is. */
const late = 20;

function Stale() {
  const t = useT(deviceStrings);
  const age = useSinceRead();
  if (age < late) return null;
  return (
    <Alert color="orange" py="xs" icon={<IconPlugConnectedX aria-hidden />}>
      {t("stale", { age: relative(-Math.round(age)) })}
    </Alert>
  );
}

/** On paper ages stand still: it says of when they are. */
function OnPaper() {
  const ui = useT(uiStrings);
  const readAt = useContext(ReadAt);
  return <div className={classes.printOnly}>{ui("asOf", { time: dateTime(readAt) })}</div>;
}

/** What Wardline cannot know of a device that does not speak to it. */
function Level({ device }: { device: Device }) {
  const say = useWords();
  if (speaks(device)) return null;
  return (
    <Alert color="gray" variant="light" py="xs" icon={<IconEyeOff aria-hidden />} title={say("management", device.management)}>
      {say("cannotKnow", device.management)}
    </Alert>
  );
}

/** What it is and who has it, in people's words. */
function Identity({ device }: { device: Device }) {
  const t = useT(deviceStrings);
  return (
    <div className={classes.identity}>
      <Text span size="sm">
        {device.model.maker} {device.model.name}
      </Text>
      <span>
        <Text span size="sm" c="dimmed">
          {t("serial")}
        </Text>{" "}
        <CopyText what={t("serial")} text={device.serial} mono />
      </span>
      {device.asset_tag && (
        <span>
          <Text span size="sm" c="dimmed">
            {t("assetTag")}
          </Text>{" "}
          <CopyText what={t("assetTag")} text={device.asset_tag} mono />
        </span>
      )}
      {device.owner && (
        <Text span size="sm" fw={600}>
          {t("heldBy", { who: device.owner })}
        </Text>
      )}
    </div>
  );
}

/** The page in grey while it is read. */
function Waiting() {
  return (
    <Stack gap="md">
      <Skeleton height={20} width="60%" />
      <Group gap={6}>
        <Skeleton height={22} width={90} radius="xl" />
        <Skeleton height={22} width={110} radius="xl" />
      </Group>
      <div className={classes.columns}>
        <Stack gap="md">
          <Skeleton height={160} />
          <Skeleton height={220} />
          <Skeleton height={180} />
        </Stack>
        <Skeleton height={420} />
      </div>
    </Stack>
  );
}
