import { Button, Stack, Text, TextInput } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { fieldProblem, problemOf } from "../../api/problem";
import { useT } from "../../i18n/strings";
import type { PhoneKind } from "../kindOfPhone";
import { Refusal } from "../Refusal";
import { selfStrings } from "../strings";

export interface Given {
  imei: string;
  phone_number?: string;
  contact?: string;
}

/** Three facts, and no more. */
export function Details({ kind, submit }: { kind: PhoneKind; submit: (given: Given) => Promise<void> }) {
  const t = useT(selfStrings);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const problem = error === undefined ? undefined : problemOf(error);
  const wrong = (name: string) => fieldProblem(problem, name);
  const shown = problem && !wrong("imei") && !wrong("phone_number") && !wrong("contact");
  const send = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    const value = (name: string) => String(given.get(name) ?? "").trim();
    setBusy(true);
    setError(undefined);
    try {
      await submit({ imei: value("imei"), phone_number: value("phone_number") || undefined, contact: value("contact") || undefined });
    } catch (refused) {
      setError(refused);
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void send(event)} noValidate>
      <Stack>
        <Text>{t(kind === "iphone" ? "details.iphone" : kind === "android" ? "details.android" : "details.other")}</Text>
        {shown && <Refusal error={error} />}
        <TextInput
          name="imei"
          size="md"
          label={t("details.imei")}
          description={t("details.imeiHint")}
          inputMode="numeric"
          autoComplete="off"
          maxLength={40}
          required
          error={wrong("imei") && t("details.imeiWrong")}
        />
        <TextInput name="phone_number" size="md" label={t("details.phone")} description={t("details.optional")} type="tel" autoComplete="tel" maxLength={32} error={wrong("phone_number")} />
        <TextInput name="contact" size="md" label={t("details.contact")} description={t("details.contactHint")} autoComplete="off" maxLength={120} error={wrong("contact")} />
        <Button type="submit" size="lg" loading={busy} fullWidth>
          {t("details.submit")}
        </Button>
      </Stack>
    </form>
  );
}
