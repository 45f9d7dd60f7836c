import { Alert, TextInput } from "@mantine/core";
import { IconLockAccess } from "@tabler/icons-react";
import type { Problem } from "../../api/problem";
import { useT } from "../../i18n/strings";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { uiStrings } from "../../ui/strings";
import { actionsStrings } from "./strings";

/** As the server takes it: apps show codes in groups. */
export function plainCode(code: string): string {
  return code.replace(/\s/g, "");
}

/** A one-time code, or a recovery code. */
export function isCode(code: string): boolean {
  return plainCode(code).length >= 6;
}

interface Props {
  value: string;
  onChange: (code: string) => void;
  error?: string | undefined;
  /** It may be left out. */
  optional?: boolean;
}

/** The second factor, in the place where it is needed. */
export function CodeInput({ value, onChange, error, optional }: Props) {
  const t = useT(actionsStrings);
  const ui = useT(uiStrings);
  return (
    <TextInput
      label={t("fields.code")}
      description={optional ? `${t("fields.codeHint")} (${ui("optional")})` : t("fields.codeHint")}
      required={!optional}
      inputMode="numeric"
      autoComplete="one-time-code"
      maxLength={16}
      maw={240}
      value={value}
      error={error}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

/** What stood against it. A wanted code is no error: it says what to do. */
export function AskProblem({ problem }: { problem: Problem | undefined }) {
  const t = useT(actionsStrings);
  if (!problem) return null;
  if (problem.code === "step_up_required") {
    return (
      <Alert role="alert" variant="light" color="blue" icon={<IconLockAccess aria-hidden />}>
        {t("needCode")}
      </Alert>
    );
  }
  return <ProblemAlert error={problem} />;
}
