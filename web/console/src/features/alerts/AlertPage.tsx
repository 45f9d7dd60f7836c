import { Alert as Box, Button, Group, List, Stack, Text, Textarea } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import { api, rest } from "../../api/client";
import { useT } from "../../i18n/strings";
import { Part } from "../account/Line";
import { useWrite } from "../guard/useWrite";
import { Page } from "../../ui/Page";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { QueryView } from "../../ui/QueryView";
import { RouteButton, RouteLink } from "../../ui/RouteLink";
import { Time } from "../../ui/Time";
import { About, linkOf, SeverityBadge, stateOf, type Alert } from "./parts";
import { alertsStrings } from "./strings";

/** One alert: what it means, where to look, who was told, and that somebody has taken note. */
export default function AlertPage() {
  const t = useT(alertsStrings);
  const { id } = useParams({ strict: false }) as { id: string };
  const query = api.useQuery("get", "/api/v1/alerts/{id}", { params: { path: { id } } });
  return (
    <QueryView query={query}>
      {(alert) => (
        <Page
          title={alert.title}
          above={
            <RouteLink to="/alerts" size="sm">
              {t("back")}
            </RouteLink>
          }
        >
          <Stack maw={760}>
            <Facts alert={alert} />
            <Noted alert={alert} />
            <Messages alert={alert} />
          </Stack>
        </Page>
      )}
    </QueryView>
  );
}

function Facts({ alert }: { alert: Alert }) {
  const t = useT(alertsStrings);
  const link = linkOf(alert);
  const about = alert.device_id ? t("device") : alert.place_id ? t("place") : t("account");
  return (
    <Part title={t("facts")}>
      <Group gap="xs">
        <SeverityBadge severity={alert.severity} />
        <Text size="sm">{stateOf(t, alert)}</Text>
      </Group>
      <Text>{alert.text}</Text>
      {(alert.device_id || alert.place_id || alert.username) && (
        <Text size="sm" component="div">
          {about}: <About alert={alert} />
        </Text>
      )}
      <Text size="sm">
        {t("raised")} <Time at={alert.raised_at} as="clock" />
      </Text>
      {alert.times > 1 && (
        <Text size="sm">
          {t("happened")}: {t("times", { count: alert.times })} <Time at={alert.last_at} />
        </Text>
      )}
      {alert.cleared_at && (
        <Text size="sm">
          {t("cleared")} <Time at={alert.cleared_at} as="clock" />
        </Text>
      )}
      {link && (
        <Group>
          <RouteButton to={link.to} variant="default" size="xs">
            {t(`links.${link.name}`)}
          </RouteButton>
        </Group>
      )}
    </Part>
  );
}

/** That somebody took note; or the form with which I do. */
function Noted({ alert }: { alert: Alert }) {
  const t = useT(alertsStrings);
  const [note, setNote] = useState("");
  const { error, busy, write } = useWrite(() => undefined);
  if (alert.acknowledged_at)
    return (
      <Box color="green" variant="light" icon={<IconCheck aria-hidden />} title={t("notedBy", { who: alert.acknowledged_by })}>
        <Text size="sm">
          <Time at={alert.acknowledged_at} as="clock" />: {alert.note || t("noNote")}
        </Text>
      </Box>
    );
  if (!alert.may_acknowledge) return null;
  const path = { id: alert.id };
  const send = () => write(() => rest.POST("/api/v1/alerts/{id}/acknowledge", { params: { path }, body: { note } }), t("acknowledged"));
  return (
    <Part title={t("acknowledge")} about={t("acknowledgeAbout")}>
      {error !== undefined && <ProblemAlert error={error} />}
      <Textarea label={t("note")} maxLength={500} autosize minRows={2} value={note} onChange={(event) => setNote(event.currentTarget.value)} />
      <Group>
        <Button loading={busy} onClick={() => void send()}>
          {t("acknowledge")}
        </Button>
      </Group>
    </Part>
  );
}

function Messages({ alert }: { alert: Alert }) {
  const t = useT(alertsStrings);
  return (
    <Part title={t("messages")}>
      {alert.messages.length === 0 && <Text c="dimmed">{t("messagesNone")}</Text>}
      <List size="sm" spacing="xs">
        {alert.messages.map((message) => (
          <List.Item key={`${message.channel} ${message.to}`}>
            {message.to}: {t(`message.${message.state}`)} <Time at={message.next_attempt_at ?? message.ended_at} />
            {message.attempts > 0 && ` (${t("attempts", { count: message.attempts })})`}
            {message.last_error && message.state !== "not_sent" && (
              <Text size="xs" c="dimmed">
                {message.last_error}
              </Text>
            )}
          </List.Item>
        ))}
      </List>
    </Part>
  );
}
