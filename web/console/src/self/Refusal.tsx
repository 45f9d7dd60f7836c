import { Alert, Text } from "@mantine/core";
import { offlineCode, problemOf } from "../api/problem";
import { useT } from "../i18n/strings";
import { selfStrings } from "./strings";

/** Why something was not done, and what to do instead, in the server's own sentences. */
export function Refusal({ error }: { error: unknown }) {
  const t = useT(selfStrings);
  const problem = problemOf(error);
  const words = wordsOf(problem.code, problem.status);
  return (
    <Alert role="alert" color={problem.code === offlineCode ? "orange" : "red"} variant="light">
      <Text size="sm">{words ? t(words) : problem.detail}</Text>
      {!words && problem.help && problem.status !== 404 && (
        <Text size="sm" mt={4}>
          {problem.help}
        </Text>
      )}
    </Alert>
  );
}

function wordsOf(code: string, status?: number) {
  if (code === offlineCode) return "refused.offline";
  if (code === "sign_in_failed") return "refused.signIn";
  if (code === "too_many_attempts") return "refused.tooMany";
  if (status === 401) return "refused.ended";
  return undefined;
}
