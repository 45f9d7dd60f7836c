import { Alert, Button, Stack, Text } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { offlineCode, problemOf } from "../../api/problem";
import { useT } from "../../i18n/strings";
import type { Who } from "../oneAct";
import { Refusal } from "../Refusal";
import { selfStrings } from "../strings";
import type { Target } from "./LossWhat";

/** A report that was typed without network. It is kept in memory alone: it holds a password, on a phone that may be anybody's. */
export interface Report {
  who: Who;
  target: Target;
}

interface Props {
  report: Report;
  send: (report: Report) => Promise<void>;
  giveUp: () => void;
}

const tryEvery = 5_000;

/** Says that a report has not been sent, and sends it when the network is back. */
export function Unsent({ report, send, giveUp }: Props) {
  const t = useT(selfStrings);
  const [error, setError] = useState<unknown>();
  const sending = useRef(false);
  useEffect(() => {
    const attempt = async () => {
      if (sending.current) return;
      sending.current = true;
      try {
        await send(report);
      } catch (problem) {
        if (problemOf(problem).code !== offlineCode) setError(problem);
      } finally {
        sending.current = false;
      }
    };
    const soon = () => void attempt();
    const timer = setInterval(soon, tryEvery);
    addEventListener("online", soon);
    return () => {
      clearInterval(timer);
      removeEventListener("online", soon);
    };
  }, [report, send]);
  // Whoever closes the page loses what only the page holds.
  useEffect(() => {
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener("beforeunload", ask);
    return () => removeEventListener("beforeunload", ask);
  }, []);
  return (
    <Stack>
      {error === undefined ? (
        <Alert role="status" color="orange" variant="light" title={t("unsent.title")}>
          {t("unsent.about")}
        </Alert>
      ) : (
        <Refusal error={error} />
      )}
      <Text>{t("unsent.or")}</Text>
      <Button variant="default" size="lg" onClick={giveUp}>
        {t("unsent.giveUp")}
      </Button>
    </Stack>
  );
}
