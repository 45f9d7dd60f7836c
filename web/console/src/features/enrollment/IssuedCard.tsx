import { Accordion, Alert, Button, Code, CopyButton, Group, List, Paper, Stack, Text, Title } from "@mantine/core";
import { IconCheck, IconCopy, IconEye, IconPrinter } from "@tabler/icons-react";
import { api, type Schemas } from "../../api/client";
import { useT } from "../../i18n/strings";
import { RouteButton } from "../../ui/RouteLink";
import { Time } from "../../ui/Time";
import { uiStrings } from "../../ui/strings";
import { useWords } from "../../words/words";
import classes from "./enrollment.module.css";
import { Doings } from "./Doings";
import { inviteStrings } from "./inviteStrings";
import type { Issued } from "./issued";
import { Progress } from "./Progress";
import { Qr } from "./Qr";
import { useNames } from "./useNames";
import { useWhom } from "./useWhom";

/** A fresh invitation: its code, what to do with it, and how far the device is. */
export function IssuedCard({ issued }: { issued: Issued }) {
  const t = useT(inviteStrings);
  const say = useWords();
  const names = useNames();
  const whom = useWhom();
  const now = api.useQuery("get", "/api/v1/invitations/{id}", { params: { path: { id: issued.id } } });
  const invitation = now.data ?? issued;
  const server = issued.enroll_url.split("/enroll/")[0] ?? "";
  return (
    <Paper withBorder p="md" component="section" aria-label={whom(invitation)}>
      <Stack gap="sm">
        <div>
          <Title order={2} size="h4">
            {whom(invitation)}
          </Title>
          <Text size="sm" c="dimmed">
            {[say("class", invitation.class), names.model(invitation.model), names.place(invitation.place_id)].filter(Boolean).join(" · ")}
          </Text>
        </div>
        <Progress invitation={invitation} />
        <Qr text={issued.enroll_url} label={t("qr")} className={classes.qr} />
        <div>
          <Text size="xs" c="dimmed">
            {t("code")}
          </Text>
          <Text component="output" ff="monospace" fz={26} fw={700} lh={1.2} className={classes.code}>
            {issued.code}
          </Text>
          <Text size="sm" c="dimmed">
            {t("server")} <Code>{server}</Code>
          </Text>
          <Text size="sm" c="dimmed">
            {t("until")} <Time at={invitation.expires_at} as="clock" />
          </Text>
        </div>
        <Group gap="xs">
          <Copy text={issued.code} label={t("copyCode")} />
          <Copy text={issued.enroll_url} label={t("copyLink")} />
          <RouteButton
            to="/enrollment/labels"
            search={(issued.delivery_id ? { delivery: issued.delivery_id } : { invitations: [issued.id] }) as never}
            variant="default"
            leftSection={<IconPrinter size={16} aria-hidden />}
          >
            {t("print")}
          </RouteButton>
          <Doings invitation={invitation} />
        </Group>
        <Alert role="note" variant="light" color="yellow" icon={<IconEye aria-hidden />}>
          {t("once")}
        </Alert>
        <Steps issued={issued} server={server} />
        <Secrets issued={issued} />
      </Stack>
    </Paper>
  );
}

function Steps({ issued, server }: { issued: Schemas["IssuedView"]; server: string }) {
  const t = useT(inviteStrings);
  const person = issued.for === "person";
  return (
    <div>
      <Title order={3} size="h6">
        {t("steps")}
      </Title>
      <List type="ordered" size="sm">
        {person
          ? (["one", "two", "three"] as const).map((step) => <List.Item key={step}>{t(`stepsPerson.${step}`, { server })}</List.Item>)
          : (["one", "two", "three", "four"] as const).map((step) => <List.Item key={step}>{t(`stepsPump.${step}`, { server })}</List.Item>)}
      </List>
    </div>
  );
}

/** For those who set a SCEP client up by hand. */
function Secrets({ issued }: { issued: Issued }) {
  const t = useT(inviteStrings);
  const rows = [
    [t("link"), issued.enroll_url],
    [t("scepURL"), issued.scep_url],
    [t("challenge"), issued.scep_challenge],
    [t("subject"), issued.subject],
    [t("fingerprint"), issued.ca_fingerprint],
  ].filter(([, value]) => value);
  return (
    <Accordion variant="contained">
      <Accordion.Item value="scep">
        <Accordion.Control>
          <Text size="sm">{t("more")}</Text>
        </Accordion.Control>
        <Accordion.Panel>
          {rows.map(([name, value]) => (
            <div key={name}>
              <Text size="xs" c="dimmed">
                {name}
              </Text>
              <Code block className={classes.wrap}>
                {value}
              </Code>
            </div>
          ))}
        </Accordion.Panel>
      </Accordion.Item>
    </Accordion>
  );
}

function Copy({ text, label }: { text: string; label: string }) {
  const t = useT(uiStrings);
  return (
    <CopyButton value={text}>
      {({ copied, copy }) => (
        <Button variant="default" onClick={copy} leftSection={copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}>
          {copied ? t("copied") : label}
        </Button>
      )}
    </CopyButton>
  );
}
