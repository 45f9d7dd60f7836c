import { Alert, TextInput } from "@mantine/core";
import { IconLockAccess } from "@tabler/icons-react";
import type { Problem } from "../../api/problem";
import { useT } from "../../i18n/strings";
import { byPasskey, useMyFactors, type Prove } from "../../session/factors";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { RouteLink } from "../../ui/RouteLink";
import { uiStrings } from "../../ui/strings";
import { actionsStrings } from "./strings";

/** As the server takes it: apps show codes in groups. */
function plainCode(code: string): string {
  return code.replace(/\s/g, "");
}

/** A one-time code, or a recovery code. */
export function isCode(code: string): boolean {
  return plainCode(code).length >= 6;
}

/** A code that was typed, as a proof. */
export function codeProof(code: string): Prove {
  return () => Promise.resolve({ otp: plainCode(code) });
}

/** What was typed is a proof; where a passkey is at hand, nothing is one too. */
export function useProof(code: string): { given: boolean; prove: Prove } {
  const mine = useMyFactors();
  const asksPasskey = mine.passkeyOnly || (mine.passkey && plainCode(code) === "");
  return {
    given: asksPasskey ? mine.passkey : isCode(code),
    prove: asksPasskey ? byPasskey : codeProof(code),
  };
}

interface Props {
  value: string;
  onChange: (code: string) => void;
  error?: string | undefined;
  /** It may be left out. */
  optional?: boolean;
}

/** The second factor, in the place where it is needed. A passkey is asked by the button that acts; where a proof is optional, a code is one. */
export function CodeInput({ value, onChange, error, optional = false }: Props) {
  const t = useT(actionsStrings);
  const ui = useT(uiStrings);
  const { passkey, passkeyOnly } = useMyFactors();
  if (passkeyOnly) {
    if (optional) return null;
    return (
      <Alert variant="light" color={passkey ? "blue" : "orange"} icon={<IconLockAccess aria-hidden />}>
        {t(passkey ? "fields.passkeyOnly" : "fields.passkeyMissing")} {!passkey && <RouteLink to="/account">{t("fields.passkeySetUp")}</RouteLink>}
      </Alert>
    );
  }
  const hint = optional ? `${t("fields.codeHint")} (${ui("optional")})` : t(passkey ? "fields.codeOrPasskey" : "fields.codeHint");
  return (
    <TextInput
      label={t("fields.code")}
      description={hint}
      required={!optional && !passkey}
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
