import { Alert, Button, Group, Radio, Stack, Text, Textarea } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import { api, rest } from "../../api/client";
import { useT } from "../../i18n/strings";
import { useMay } from "../../session/useSession";
import { TherapyBadge } from "../../ui/badges";
import { Page } from "../../ui/Page";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { QueryView } from "../../ui/QueryView";
import { RouteLink } from "../../ui/RouteLink";
import { Time } from "../../ui/Time";
import { Part } from "../account/Line";
import { useWrite } from "../guard/useWrite";
import { ReviewState, type Glass } from "./BreakGlassesPage";
import { breakGlassStrings } from "./strings";

/** One break-glass: what was done, on what grounds, and its review. */
export default function BreakGlassPage() {
  const t = useT(breakGlassStrings);
  const { id } = useParams({ strict: false }) as { id: string };
  const query = api.useQuery("get", "/api/v1/break-glass/{id}", { params: { path: { id } } });
  return (
    <QueryView query={query}>
      {(glass) => (
        <Page
          title={t("one", { serial: glass.serial })}
          above={
            <RouteLink to="/break-glass" size="sm">
              {t("back")}
            </RouteLink>
          }
        >
          <Stack maw={760}>
            <Facts glass={glass} />
            <Review glass={glass} />
          </Stack>
        </Page>
      )}
    </QueryView>
  );
}

function Facts({ glass }: { glass: Glass }) {
  const t = useT(breakGlassStrings);
  const may = useMay();
  return (
    <Part title={t("facts")}>
      <Text size="sm">
        {t("why")}: {glass.reason}
      </Text>
      <Text size="sm">
        {t("clinician")}: {glass.clinician}
      </Text>
      <Text size="sm">
        {t("quarantine")}: {glass.quarantine}
      </Text>
      <Text size="sm">
        {t("askedBy", { who: glass.asked_by })}, <Time at={glass.asked_at} as="clock" />
      </Text>
      <Text size="sm">
        {t("agreedBy", { who: glass.agreed_by })}, <Time at={glass.begun_at} as="clock" />
      </Text>
      <Group gap="xs">
        <Text size="sm">{t("state")}:</Text>
        <TherapyBadge state={glass.therapy_state} />
        <Text size="sm">{t("age", { n: glass.therapy_age_seconds })}</Text>
      </Group>
      {may("commands.read") && (
        <Group gap="md">
          <RouteLink to={`/devices/${glass.device_id}`} size="sm">
            {glass.serial}
          </RouteLink>
          <RouteLink to={`/commands/${glass.id}`} size="sm">
            {t("command")}
          </RouteLink>
        </Group>
      )}
    </Part>
  );
}

function Review({ glass }: { glass: Glass }) {
  const t = useT(breakGlassStrings);
  const [note, setNote] = useState("");
  const [justified, setJustified] = useState("");
  const { error, busy, write } = useWrite(() => undefined);
  if (glass.reviewed_at)
    return (
      <Alert color={glass.justified ? "green" : "orange"} variant="light" icon={<IconCheck aria-hidden />} title={t("reviewedBy", { who: glass.reviewed_by })}>
        <Text size="sm">
          <Time at={glass.reviewed_at} as="clock" />: {t(glass.justified ? "justified" : "notJustified")}. {glass.note}
        </Text>
      </Alert>
    );
  const body = { justified: justified === "yes", note: note.trim() };
  const send = () => write(() => rest.POST("/api/v1/break-glass/{id}/review", { params: { path: { id: glass.id } }, body }), t("closed"));
  return (
    <Part title={t("review")} about={t(glass.may_review ? "reviewAbout" : "cannot")}>
      <ReviewState glass={glass} />
      {glass.may_review && (
        <>
          <Radio.Group label={t("was")} required value={justified} onChange={setJustified}>
            <Group mt={4}>
              <Radio value="yes" label={t("yes")} />
              <Radio value="no" label={t("no")} />
            </Group>
          </Radio.Group>
          <Textarea label={t("found")} required autosize minRows={2} maxLength={500} value={note} onChange={(event) => setNote(event.currentTarget.value)} />
          {error !== undefined && <ProblemAlert error={error} />}
          <Group>
            <Button loading={busy} disabled={justified === "" || note.trim().length < 10} onClick={() => void send()}>
              {t("close")}
            </Button>
          </Group>
        </>
      )}
    </Part>
  );
}
