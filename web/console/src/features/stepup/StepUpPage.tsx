import { Alert, Button, Group, Paper, SimpleGrid, Stack, Text, TextInput } from "@mantine/core";
import { IconCircleCheck, IconCircleX, IconShieldLock } from "@tabler/icons-react";
import { useState } from "react";
import type { ReactNode } from "react";
import { api, type Schemas } from "../../api/client";
import { problemOf } from "../../api/problem";
import { useT } from "../../i18n/strings";
import { wasClosed } from "../../session/passkey";
import { useMe } from "../../session/useSession";
import { browserOf } from "../../ui/browser";
import { Empty } from "../../ui/Empty";
import { Page } from "../../ui/Page";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { QueryView } from "../../ui/QueryView";
import { RouteLink } from "../../ui/RouteLink";
import { Time } from "../../ui/Time";
import { text, useAddress } from "../../ui/useAddress";
import { useWords } from "../../words/words";
import { CodeInput, useProof } from "../actions/code";
import { stepUpStrings } from "./strings";

type StepUp = Schemas["StepUpView"];

/** Where a command line or a program sends a person to confirm with a second factor what it asked in their name. */
export default function StepUpPage() {
  const t = useT(stepUpStrings);
  const [{ code }, set] = useAddress((raw) => ({ code: text(raw, "code") }));
  return (
    <Page title={t("title")} about={t("about")}>
      <Stack maw={620}>{code ? <Asked code={code} key={code} /> : <CodeForm onCode={(typed) => set({ code: typed })} />}</Stack>
    </Page>
  );
}

/** For whoever comes without the link: they type what the program shows. */
function CodeForm({ onCode }: { onCode: (code: string) => void }) {
  const t = useT(stepUpStrings);
  const [typed, setTyped] = useState("");
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (typed.trim()) onCode(typed.trim().toUpperCase());
      }}
    >
      <Group align="flex-end">
        <TextInput
          label={t("codeLabel")}
          description={t("codeHint")}
          autoFocus
          autoComplete="off"
          autoCapitalize="characters"
          spellCheck={false}
          maxLength={16}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
        <Button type="submit">{t("show")}</Button>
      </Group>
    </form>
  );
}

function Asked({ code }: { code: string }) {
  const t = useT(stepUpStrings);
  const path = { user_code: code };
  const asked = api.useQuery("get", "/api/v1/auth/step-up/{user_code}", { params: { path } });
  const [denied, setDenied] = useState(false);
  if (denied) return <Ended icon={IconCircleX} color="orange" title={t("denied")} sentence={t("deniedText")} />;
  if (!asked.data && asked.error && problemOf(asked.error).status === 404) return <Empty title={t("gone")}>{t("goneText")}</Empty>;
  return (
    <QueryView query={asked}>
      {(data) => (
        <Stack>
          <What asked={data} />
          {data.state === "pending" && <Answer code={code} asked={data} onDenied={() => setDenied(true)} onConfirmed={() => void asked.refetch()} />}
          {data.state === "confirmed" && <Ended icon={IconCircleCheck} color="green" title={t("confirmed")} sentence={t("confirmedText")} />}
          {data.state === "used" && <Ended icon={IconCircleCheck} color="green" title={t("used")} sentence={t("usedText")} />}
          {data.state === "denied" && <Ended icon={IconCircleX} color="orange" title={t("denied")} sentence={t("deniedText")} />}
        </Stack>
      )}
    </QueryView>
  );
}

function What({ asked }: { asked: StepUp }) {
  const t = useT(stepUpStrings);
  const say = useWords();
  const { asked_from: from } = asked;
  return (
    <Paper withBorder p="md" radius="md">
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
        <Fact name={t("what")}>
          <Text fw={700} c={asked.weight === "destructive" ? "red" : undefined}>
            {say("kind", asked.kind)}
          </Text>
        </Fact>
        <Fact name={t(asked.batch ? "whichMany" : "which")}>
          <b>{asked.summary}</b>
          {asked.device_id && (
            <div>
              <RouteLink to={`/devices/${asked.device_id}`} size="sm">
                {t("openDevice")}
              </RouteLink>
            </div>
          )}
        </Fact>
        <Fact name={t("reason")}>{asked.reason || t("noReason")}</Fact>
        <Fact name={t("who")}>
          {t("whoText", { who: asked.asked_by, source: from.source, agent: browserOf(from.user_agent) || t("noAgent") })}
          {from.this_session && <div>{t("thisSession")}</div>}
        </Fact>
        <Fact name={t("asked")}>
          <Time at={asked.created_at} />
        </Fact>
        <Fact name={t("expires")}>
          <Time at={asked.expires_at} />
        </Fact>
      </SimpleGrid>
    </Paper>
  );
}

interface AnswerProps {
  code: string;
  asked: StepUp;
  onConfirmed: () => void;
  onDenied: () => void;
}

/** Yes needs a fresh code and a click on its own button; no needs nothing. */
function Answer({ code, asked, onConfirmed, onDenied }: AnswerProps) {
  const t = useT(stepUpStrings);
  const say = useWords();
  const me = useMe();
  const [otp, setOtp] = useState("");
  const params = { path: { user_code: code } };
  const { given, prove } = useProof(otp);
  const [unproved, setUnproved] = useState<unknown>();
  const confirm = api.useMutation("post", "/api/v1/auth/step-up/{user_code}/confirm", { onSuccess: onConfirmed, onError: () => setOtp("") });
  const agree = async () => {
    setUnproved(undefined);
    try {
      confirm.mutate({ params, body: await prove({ user_code: code }) });
    } catch (thrown) {
      if (!wasClosed(thrown)) setUnproved(thrown);
    }
  };
  const deny = api.useMutation("post", "/api/v1/auth/step-up/{user_code}/deny", { onSuccess: onDenied });
  const error = confirm.error ?? deny.error ?? unproved;
  return (
    <form onSubmit={(event) => event.preventDefault()}>
      <Stack>
        {me.has_second_factor ? (
          <CodeInput value={otp} onChange={setOtp} />
        ) : (
          <Alert color="orange" variant="light" icon={<IconShieldLock aria-hidden />}>
            {t("noFactor")}
          </Alert>
        )}
        {error ? <ProblemAlert error={error} /> : null}
        <Group>
          <Button variant="default" loading={deny.isPending} onClick={() => deny.mutate({ params })}>
            {t("deny")}
          </Button>
          <Button
            color={asked.weight === "destructive" ? "red" : undefined}
            disabled={!me.has_second_factor || !given}
            loading={confirm.isPending}
            onClick={() => void agree()}
          >
            {t("confirm", { kind: say("kind", asked.kind) })}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function Ended({ icon: Icon, color, title, sentence }: { icon: typeof IconCircleCheck; color: string; title: string; sentence: string }) {
  return (
    <Alert role="status" variant="light" color={color} icon={<Icon aria-hidden />} title={title}>
      {sentence}
    </Alert>
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
