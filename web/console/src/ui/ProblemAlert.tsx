import { Alert, Button, Text } from "@mantine/core";
import { IconAlertTriangle, IconLock, IconPlugConnectedX } from "@tabler/icons-react";
import { offlineCode, problemOf, type Problem } from "../api/problem";
import { useT } from "../i18n/strings";
import { uiStrings } from "./strings";

interface Props {
  error: unknown;
  /** Something was only read: nothing was asked to change. */
  reading?: boolean;
  /** Shows a button that tries again. */
  retry?: () => void;
}

/** What went wrong and what to do about it, in words. Errors are announced to screen readers. */
export function ProblemAlert({ error, reading = false, retry }: Props) {
  const t = useT(uiStrings);
  const problem = problemOf(error);
  const look = lookOf(problem, reading);
  return (
    <Alert role="alert" variant="light" color={look.color} icon={<look.Icon aria-hidden />} title={t(look.title)}>
      <Text size="sm">{look.text ? t(look.text) : problem.detail}</Text>
      {problem.help && !look.text && (
        <Text size="sm" mt={4}>
          {problem.help}
        </Text>
      )}
      {problem.errors?.map((field) => (
        <Text size="sm" mt={4} key={field.name + field.detail}>
          <b>{field.name}</b> {field.detail}
        </Text>
      ))}
      {problem.request_id && (
        <Text size="xs" c="dimmed" mt={4}>
          {t("requestId", { id: problem.request_id })}
        </Text>
      )}
      {retry && (
        <Button size="xs" variant="default" mt="sm" onClick={retry}>
          {t("retry")}
        </Button>
      )}
    </Alert>
  );
}

function lookOf(problem: Problem, reading: boolean) {
  if (problem.code === offlineCode) {
    return { Icon: IconPlugConnectedX, color: "orange", title: "offlineTitle", text: reading ? "offlineText" : "offlineWriteText" } as const;
  }
  if (problem.status === 403 && problem.code === "forbidden") {
    return { Icon: IconLock, color: "gray", title: "forbiddenTitle", text: "forbiddenText" } as const;
  }
  if (problem.status === 404) {
    return { Icon: IconAlertTriangle, color: "gray", title: "missingTitle", text: "missingText" } as const;
  }
  if (!reading && (problem.status ?? 0) >= 500) {
    return { Icon: IconAlertTriangle, color: "red", title: "brokeTitle", text: undefined } as const;
  }
  return { Icon: IconAlertTriangle, color: "red", title: reading ? "errorTitle" : "refusedTitle", text: undefined } as const;
}
