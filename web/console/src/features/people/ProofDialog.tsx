import { Alert, Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { useState, type FormEvent, type ReactNode } from "react";
import type { Schemas } from "../../api/client";
import { useT } from "../../i18n/strings";
import { byPasskey, useMyFactors } from "../../session/factors";
import { wasClosed } from "../../session/passkey";
import { useMe } from "../../session/useSession";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { RouteLink } from "../../ui/RouteLink";
import { uiStrings } from "../../ui/strings";
import { peopleStrings } from "./strings";

interface Props {
  title: string;
  /** What will happen. */
  children: ReactNode;
  submit: string;
  /** What a passkey confirms: exactly this. */
  subject: Schemas["AskPasskeyInputBody"];
  onClose: () => void;
  /** Does it; what it throws is shown, and the dialog stays. */
  act: (proof: Schemas["ProofInput"]) => Promise<void>;
}

/** Does something that the server asks a fresh proof of my own second factor for. */
export function ProofDialog({ title, children, submit, subject, onClose, act }: Props) {
  const t = useT(peopleStrings);
  const ui = useT(uiStrings);
  const me = useMe();
  const { passkey: hasPasskey, passkeyOnly } = useMyFactors();
  const byCodeToo = me.has_second_factor && !passkeyOnly;
  const [otp, setOtp] = useState("");
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const go = async (proof: () => Promise<Schemas["ProofInput"]>) => {
    setBusy(true);
    setError(undefined);
    try {
      await act(await proof());
    } catch (thrown) {
      if (!wasClosed(thrown)) setError(thrown);
      setOtp(""); // it works once
    } finally {
      setBusy(false);
    }
  };
  const byCode = (event: FormEvent) => {
    event.preventDefault();
    void go(() => Promise.resolve({ otp: otp.trim() }));
  };
  return (
    <Modal opened onClose={onClose} title={title} closeButtonProps={{ "aria-label": ui("close") }}>
      <form onSubmit={byCode}>
        <Stack>
          {children}
          {error !== undefined && <ProblemAlert error={error} />}
          {me.has_second_factor && (hasPasskey || !passkeyOnly) ? null : (
            <Alert color="orange" variant="light">
              {t("proof.noFactor")} <RouteLink to="/account">{t("proof.setUp")}</RouteLink>
            </Alert>
          )}
          {byCodeToo && (
            <TextInput
              label={t("proof.code")}
              description={t("proof.codeHint")}
              required
              data-autofocus
              autoComplete="one-time-code"
              maxLength={16}
              value={otp}
              onChange={(event) => setOtp(event.currentTarget.value)}
            />
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {ui("cancel")}
            </Button>
            {me.has_second_factor && hasPasskey && (
              <Button variant="default" loading={busy} onClick={() => void go(() => byPasskey(subject))}>
                {t("proof.passkey")}
              </Button>
            )}
            {byCodeToo && (
              <Button type="submit" loading={busy}>
                {submit}
              </Button>
            )}
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
