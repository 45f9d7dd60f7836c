import { Button, Group, Select, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { api } from "../../api/client";
import { fieldProblem, problemOf } from "../../api/problem";
import type { Schemas } from "../../api/client";
import { useT } from "../../i18n/strings";
import { notifyDone } from "../../ui/notify";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { QueryView } from "../../ui/QueryView";
import { alertsStrings } from "../alerts/strings";
import { Part } from "./Line";

/** Where alerts reach me by mail. */
export function Mail() {
  const t = useT(alertsStrings);
  const mail = api.useQuery("get", "/api/v1/auth/mail");
  return (
    <Part title={t("mail.title")} about={t("mail.about")}>
      <QueryView query={mail}>{(now) => <Form now={now} onKept={() => void mail.refetch()} />}</QueryView>
    </Part>
  );
}

function Form({ now, onKept }: { now: Schemas["MailView"]; onKept: () => void }) {
  const t = useT(alertsStrings);
  const [address, setAddress] = useState(now.address);
  const [language, setLanguage] = useState<string>(now.language);
  const keep = api.useMutation("put", "/api/v1/auth/mail", {
    onSuccess: () => {
      notifyDone(t("mail.saved"));
      onKept();
    },
  });
  const problem = keep.error ? problemOf(keep.error) : undefined;
  const same = address.trim() === now.address && language === now.language;
  return (
    <Stack gap="sm" maw={420}>
      {!now.mail_server && (
        <Text size="sm" c="dimmed">
          {t("noMail")}
        </Text>
      )}
      {problem && <ProblemAlert error={problem} />}
      <TextInput
        label={t("mail.address")}
        description={t("mail.hint")}
        type="email"
        autoComplete="email"
        maxLength={254}
        value={address}
        error={fieldProblem(problem, "address")}
        onChange={(event) => setAddress(event.currentTarget.value)}
      />
      <Select
        label={t("mail.language")}
        allowDeselect={false}
        value={language}
        onChange={(value) => setLanguage(value ?? "en")}
        data={(["en", "de"] as const).map((value) => ({ value, label: t(`languages.${value}`) }))}
      />
      <Group>
        <Button
          variant="default"
          disabled={same}
          loading={keep.isPending}
          onClick={() => keep.mutate({ body: { address: address.trim(), language: language === "de" ? "de" : "en" } })}
        >
          {t("mail.save")}
        </Button>
      </Group>
    </Stack>
  );
}
