import { Alert, Button, Radio, SimpleGrid, Stack, Text } from "@mantine/core";
import { IconEyeOff, IconInfoCircle } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { relative } from "../../i18n/format";
import { useT } from "../../i18n/strings";
import { useMay } from "../../session/useSession";
import { TherapyBadge } from "../../ui/badges";
import { Time } from "../../ui/Time";
import { useWords } from "../../words/words";
import classes from "./actions.module.css";
import type { Draft, SetDraft } from "./fields";
import { openAction, type Device, type Kind } from "./openAction";
import { actionsStrings } from "./strings";

/** After this long without a word a device counts as away (commands/why.go). */
const aliveSeconds = 5 * 60;

export function isPump(device: Device): boolean {
  return device.class.startsWith("pump_");
}

/** Which device it is, so that nobody acts on the wrong one. */
export function DeviceFacts({ device }: { device: Device }) {
  const t = useT(actionsStrings);
  const say = useWords();
  return (
    <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="xs" verticalSpacing={4} className={classes.facts}>
      <Fact name={say("class", device.class)}>
        <b>{device.serial}</b>
        {device.asset_tag && ` · ${device.asset_tag}`}
      </Fact>
      <Fact name={t("holder")}>
        <b>{device.owner || device.custody.which || t("noHolder")}</b>
      </Fact>
      <Fact name={t("model")}>{`${device.model.maker} ${device.model.name}`.trim()}</Fact>
      <Fact name={t("heard")}>
        <Time at={device.last_seen_at} /> <TherapyBadge state={device.therapy?.state} />
      </Fact>
    </SimpleGrid>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <Text size="xs" c="dimmed">
        {name}
      </Text>
      <Text size="sm" component="div">
        {children}
      </Text>
    </div>
  );
}

/** A device that is off: nothing happens until it is heard of. */
export function SilenceNotice({ device }: { device: Device }) {
  const t = useT(actionsStrings);
  if (!device.last_seen_at) return <Notice>{t("neverHeard")}</Notice>;
  const age = device.last_seen_age_seconds ?? 0;
  if (age < aliveSeconds) return null;
  return <Notice>{t("silent", { age: relative(-age) })}</Notice>;
}

function Notice({ children }: { children: ReactNode }) {
  return (
    <Alert variant="light" color="yellow" icon={<IconEyeOff aria-hidden />}>
      {children}
    </Alert>
  );
}

/** What the kind does; for what erases, what that is on this model and what it is not. */
export function WhatItDoes({ kind, device }: { kind: Kind; device: Device }) {
  const t = useT(actionsStrings);
  const pumpText = isPump(device) && (kind === "ring" || kind === "lock") ? t(`pumpWhat.${kind}`) : undefined;
  return (
    <Stack gap="xs">
      <Text>{pumpText ?? t(`what.${kind}`)}</Text>
      {(kind === "wipe" || kind === "remove_work_data") && (
        <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="xs">
          <Fact name={t("erases")}>{device.model.wipe_erases || t("erasesUnknown")}</Fact>
          <Fact name={t("keeps")}>
            <b>{device.model.wipe_keeps || t("erasesUnknown")}</b>
          </Fact>
        </SimpleGrid>
      )}
    </Stack>
  );
}

/** A device without a mobile number may know only our Wi-Fi: cut off at once, no wipe could reach it. */
export function mayKnowOnlyWifi(device: Device): boolean {
  return device.imei === "";
}

/** What cutting it off does to a phone that may know only our Wi-Fi; and that it can be taken back. */
export function ContainNotice({ device }: { device: Device }) {
  const t = useT(actionsStrings);
  const may = useMay();
  if (isPump(device) || !mayKnowOnlyWifi(device)) return <Text size="sm">{t("contain.back")}</Text>;
  return (
    <Alert variant="light" color="orange" icon={<IconInfoCircle aria-hidden />}>
      <Text size="sm">
        {t("contain.onlyWifi")} {t("contain.back")}
      </Text>
      {device.class !== "phone_personal" && may("commands.erase_personal") && (
        <Button variant="default" size="xs" mt="xs" onClick={() => openAction({ kind: "wipe", device })}>
          {t("contain.wipeFirst")}
        </Button>
      )}
    </Alert>
  );
}

/** What a wipe does to its access to the network, and the choice there is. */
export function NetworkChoice({ device, draft, set }: { device: Device; draft: Draft; set: SetDraft }) {
  const t = useT(actionsStrings);
  const contained = device.certificate?.status === "contained";
  if (isPump(device) || contained) {
    return (
      <Alert variant="light" color="gray" icon={<IconInfoCircle aria-hidden />}>
        {t(contained ? "network.already" : "network.pump")}
      </Alert>
    );
  }
  return (
    <Radio.Group
      label={t("network.legend")}
      description={mayKnowOnlyWifi(device) ? t("network.onlyWifi") : undefined}
      value={draft.wipeFirst ? "first" : "cut"}
      onChange={(value) => set({ wipeFirst: value === "first" })}
    >
      <Stack gap="xs" mt={6}>
        <Radio value="cut" label={t("network.cutTitle")} description={t("network.cut")} />
        <Radio value="first" label={t("network.firstTitle")} description={t("network.first")} />
      </Stack>
    </Radio.Group>
  );
}
