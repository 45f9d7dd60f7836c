import { Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { problemOf } from "../../api/problem";
import { useT } from "../../i18n/strings";
import { notifyDone } from "../../ui/notify";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { AskProblem, CodeInput, useProof } from "../actions/code";
import { useAsk } from "../actions/useAsk";
import { inboxStrings } from "./strings";

type Headers = { "Idempotency-Key": string; "Wardline-Step-Up"?: string };

interface Props {
  /** What the button says: it names the device. */
  approveLabel: string;
  destructive: boolean;
  /** Names exactly what is approved: the order's hash. */
  hash: string;
  /** What a code is good for, when the server wants one; a batch is named by the server. */
  subject?: { device_id: string };
  approve: (headers: Headers) => Promise<unknown>;
  deny: (reason: string) => Promise<unknown>;
}

/** Yes or no to exactly what is shown. A second factor is asked for when the server wants one; no has a reason. */
export function Decide({ approveLabel, destructive, hash, subject, approve, deny }: Props) {
  const t = useT(inboxStrings);
  const [denying, setDenying] = useState(false);
  const [code, setCode] = useState("");
  const { ask, problem, busy, wanted } = useAsk<unknown>();
  const { given, prove } = useProof(code);
  const agree = async () => {
    const proof = wanted ? { prove, subject } : undefined;
    const done = await ask(hash, (headers) => approve(headers).then(() => true), proof);
    setCode("");
    if (done) notifyDone(t("approved"));
  };
  if (denying) return <Deny deny={deny} onBack={() => setDenying(false)} />;
  return (
    <Stack gap="xs">
      <AskProblem problem={problem} />
      {wanted && <CodeInput value={code} onChange={setCode} />}
      <Text size="sm" c="dimmed">
        {t("approveMeans")}
      </Text>
      <Group gap="xs">
        <Button variant="default" onClick={() => setDenying(true)}>
          {t("deny")}
        </Button>
        <Button color={destructive ? "red" : undefined} loading={busy} disabled={wanted && !given} onClick={() => void agree()}>
          {approveLabel}
        </Button>
      </Group>
    </Stack>
  );
}

function Deny({ deny, onBack }: { deny: (reason: string) => Promise<unknown>; onBack: () => void }) {
  const t = useT(inboxStrings);
  const [reason, setReason] = useState("");
  const [tried, setTried] = useState(false);
  const { ask, problem, busy } = useAsk<unknown>();
  const short = reason.trim().length < 3;
  const refuse = async () => {
    setTried(true);
    if (short) return;
    if (await ask(reason, () => deny(reason.trim()).then(() => true))) notifyDone(t("denied"));
  };
  return (
    <Stack gap="xs">
      {problem && <ProblemAlert error={problemOf(problem)} />}
      <TextInput
        label={t("denyReason")}
        required
        autoFocus
        maxLength={500}
        value={reason}
        error={tried && short ? t("needReason") : undefined}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
      <Group gap="xs">
        <Button variant="default" onClick={onBack}>
          {t("keep")}
        </Button>
        <Button color="orange" loading={busy} onClick={() => void refuse()}>
          {t("denyConfirm")}
        </Button>
      </Group>
    </Stack>
  );
}
