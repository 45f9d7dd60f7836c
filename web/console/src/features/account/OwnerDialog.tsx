import { Button, Group, Modal, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useState } from "react";
import type { Schemas } from "../../api/client";
import { useT } from "../../i18n/strings";
import { byPasskey } from "../../session/factors";
import { wasClosed } from "../../session/passkey";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { accountStrings } from "./strings";

export type Owner = Schemas["OwnerInput"];

interface Props {
  title: string;
  /** Which proofs the account can give. */
  hasFactor: boolean;
  hasPasskey: boolean;
  onClose: () => void;
  /** Does it; what it throws is shown, and the dialog stays. */
  act: (owner: Owner) => Promise<void>;
}

/** Asks for the password and a factor that is there, before a factor is changed. */
export function OwnerDialog({ title, hasFactor, hasPasskey, onClose, act }: Props) {
  const t = useT(accountStrings);
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const form = useForm({ initialValues: { password: "", otp: "" } });
  const go = async (proof: () => Promise<Omit<Owner, "password">>) => {
    setBusy(true);
    setError(undefined);
    try {
      await act({ password: form.values.password, ...(await proof()) });
    } catch (thrown) {
      if (!wasClosed(thrown)) setError(thrown);
      form.setFieldValue("otp", ""); // it works once
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal opened onClose={onClose} title={title}>
      <form onSubmit={form.onSubmit(() => go(async () => ({ otp: form.values.otp.trim() || undefined })))}>
        <Stack>
          {error !== undefined && <ProblemAlert error={error} />}
          <PasswordInput label={t("password")} required data-autofocus autoComplete="current-password" maxLength={1024} {...form.getInputProps("password")} />
          {hasFactor && (
            <TextInput label={t("code")} description={t("codeHint")} autoComplete="one-time-code" maxLength={16} {...form.getInputProps("otp")} />
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t("cancel")}
            </Button>
            {hasPasskey && (
              <Button variant="default" loading={busy} disabled={form.values.password === ""} onClick={() => void go(() => byPasskey({ factors: true }))}>
                {t("withPasskey")}
              </Button>
            )}
            <Button type="submit" loading={busy}>
              {t("go")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
