import { Button, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { useT } from "../i18n/strings";
import { Refusal } from "./Refusal";
import { session } from "./session";
import { selfStrings } from "./strings";

/** User name, password and, for accounts that have one, the code of the second factor. */
export function SignIn() {
  const t = useT(selfStrings);
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    const value = (name: string) => String(given.get(name) ?? "");
    setBusy(true);
    setError(undefined);
    try {
      await session.signIn({ username: value("username").trim(), password: value("password"), otp: value("otp").replace(/\s/g, "") || undefined });
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack>
        <Text>{t("signIn.about")}</Text>
        {error !== undefined && <Refusal error={error} />}
        <TextInput name="username" size="md" label={t("signIn.username")} required maxLength={200} autoComplete="username" autoCapitalize="none" spellCheck={false} />
        <PasswordInput name="password" size="md" label={t("signIn.password")} required maxLength={1024} autoComplete="current-password" />
        <TextInput name="otp" size="md" label={t("signIn.otp")} description={t("signIn.otpHint")} inputMode="numeric" autoComplete="one-time-code" maxLength={32} />
        <Button type="submit" size="lg" loading={busy} fullWidth>
          {t("signIn.submit")}
        </Button>
      </Stack>
    </form>
  );
}
