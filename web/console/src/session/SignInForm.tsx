import { Alert, Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useState } from "react";
import { problemOf, type Problem } from "../api/problem";
import { useT } from "../i18n/strings";
import { ProblemAlert } from "../ui/ProblemAlert";
import { knowsPasskeys, wasClosed } from "./passkey";
import { session } from "./session";
import { sessionStrings } from "./strings";

interface Props {
  /** Set when somebody's session has ended: only they go on. */
  username?: string;
}

/** User name, password and, for accounts that have one, the second factor. */
export function SignInForm({ username = "" }: Props) {
  const t = useT(sessionStrings);
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const form = useForm({ initialValues: { username, password: "", otp: "" } });
  const submit = form.onSubmit(async (values) => {
    setBusy(true);
    setProblem(undefined);
    try {
      await session.signIn({ username: values.username.trim(), password: values.password, otp: values.otp.replace(/\s/g, "") || undefined });
    } catch (error) {
      setProblem(problemOf(error));
      form.setFieldValue("otp", ""); // it works once
      setBusy(false);
    }
  });
  const byPasskey = async () => {
    setBusy(true);
    setProblem(undefined);
    try {
      await session.signInByPasskey();
    } catch (error) {
      if (!wasClosed(error)) setProblem(problemOf(error));
      setBusy(false);
    }
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        {problem && <Refusal problem={problem} />}
        <TextInput
          label={t("username")}
          required
          maxLength={200}
          readOnly={username !== ""}
          autoFocus={username === ""}
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          {...form.getInputProps("username")}
        />
        <PasswordInput
          label={t("password")}
          required
          maxLength={1024}
          autoFocus={username !== ""}
          autoComplete="current-password"
          {...form.getInputProps("password")}
        />
        <TextInput label={t("otp")} description={t("otpHint")} inputMode="numeric" autoComplete="one-time-code" maxLength={16} {...form.getInputProps("otp")} />
        <Button type="submit" loading={busy} fullWidth>
          {t("submit")}
        </Button>
        {knowsPasskeys() && (
          <Button variant="default" disabled={busy} onClick={() => void byPasskey()} fullWidth>
            {t("passkey")}
          </Button>
        )}
      </Stack>
    </form>
  );
}

function Refusal({ problem }: { problem: Problem }) {
  const t = useT(sessionStrings);
  if (problem.status === 401) return <Alert role="alert" color="red" variant="light">{t("failed")}</Alert>;
  if (problem.status === 429) return <Alert role="alert" color="orange" variant="light">{t("tooMany")}</Alert>;
  return <ProblemAlert error={problem} />;
}
