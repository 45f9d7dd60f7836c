import { Alert, Button, Image, List, Paper, Stack, Text } from "@mantine/core";
import { Link } from "wouter";
import { useT } from "../../i18n/strings";
import type { OwnDevice, Schemas } from "../client";
import { DeviceLine } from "../DeviceLine";
import type { PhoneKind } from "../kindOfPhone";
import { selfStrings } from "../strings";

/** It is on record. What protects it is up to its holder, and said here. */
export function Recorded({ device, kind }: { device: OwnDevice; kind: PhoneKind }) {
  const t = useT(selfStrings);
  return (
    <Stack>
      <Alert role="status" color={device.expected ? "orange" : "teal"} variant="light" title={t(device.expected ? "done.waits" : "done.title")}>
        {t("device.recordShort")}
      </Alert>
      <Paper withBorder p="md">
        <DeviceLine device={device} />
      </Paper>
      <Text fw={600}>{t("done.yourself")}</Text>
      <List spacing="sm">
        <List.Item>{t("done.passcode")}</List.Item>
        <List.Item>{t(kind === "iphone" ? "done.findIphone" : kind === "android" ? "done.findAndroid" : "done.findOther")}</List.Item>
        <List.Item>{t("done.lost")}</List.Item>
      </List>
      <Button component={Link} href="/devices" size="lg" fullWidth>
        {t("screens.devices")}
      </Button>
    </Stack>
  );
}

/** What is typed or scanned on the device that the agent will manage. */
export function Invited({ invitation }: { invitation: Schemas["OwnInvitationView"] }) {
  const t = useT(selfStrings);
  return (
    <Stack>
      <Text>{t("invited.about")}</Text>
      <Image src={invitation.qr} alt={t("invited.qr")} w={220} h={220} mx="auto" bg="white" p={8} />
      <Text>{t("invited.orType")}</Text>
      <Paper withBorder p="md" component="code" style={{ overflowWrap: "anywhere", fontFamily: "var(--mantine-font-family-monospace)" }}>
        {`wardline-agent enroll --link '${invitation.enroll_url}'`}
      </Paper>
      <Text size="sm">{t("invited.until")}</Text>
      <Button component={Link} href="/devices" size="lg" fullWidth>
        {t("screens.devices")}
      </Button>
    </Stack>
  );
}
