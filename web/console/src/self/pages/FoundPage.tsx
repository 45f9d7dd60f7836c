import { Alert, Button, List, Stack, Text, TextInput } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { Link, useSearch } from "wouter";
import { useT } from "../../i18n/strings";
import type { Schemas } from "../client";
import { HelpPhone } from "../Frame";
import { Refusal } from "../Refusal";
import { mine, useSelf } from "../session";
import { selfStrings } from "../strings";

type Found = Schemas["OwnFoundView"];

/** It is in my hand again: the code on its screen says so, and my second factor that it is me. */
export default function FoundPage() {
  const t = useT(selfStrings);
  const { me } = useSelf();
  const known = new URLSearchParams(useSearch()).get("label") ?? "";
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const [found, setFound] = useState<Found>();
  if (found) return <Back found={found} />;
  if (me && !me.two_factors) {
    return (
      <Stack>
        <Text>{t("found.oneFactor")}</Text>
        <HelpPhone />
      </Stack>
    );
  }
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    setBusy(true);
    setError(undefined);
    try {
      const body = { label: String(given.get("label")).trim(), code: String(given.get("code")).replace(/\s/g, "") };
      const { data, error: refused } = await mine.POST("/api/v1/self/found", { body });
      if (!data) throw refused;
      setFound(data);
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack>
        <Text>{t("found.about")}</Text>
        {error !== undefined && <Refusal error={error} />}
        <TextInput name="label" size="md" label={t("lost.label")} description={t("lost.labelHint")} defaultValue={known} required minLength={2} maxLength={300} autoComplete="off" />
        <TextInput name="code" size="md" label={t("found.code")} description={t("found.codeHint")} required maxLength={16} inputMode="numeric" autoComplete="off" />
        <Button type="submit" size="lg" loading={busy} fullWidth>
          {t("found.submit")}
        </Button>
      </Stack>
    </form>
  );
}

function Back({ found }: { found: Found }) {
  const t = useT(selfStrings);
  const late = found.too_late.length > 0;
  return (
    <Stack>
      <Alert role="status" color={late ? "orange" : "teal"} variant="light" title={t(late ? "found.tooLate" : "found.done")}>
        {t(late ? "found.tooLateAbout" : "found.doneAbout")}
      </Alert>
      {late && (
        <List>
          {found.too_late.map((step) => (
            <List.Item key={step.kind}>
              {step.words}
              {step.why && <Text size="sm">{step.why}</Text>}
            </List.Item>
          ))}
        </List>
      )}
      {found.withdrawn.length > 0 && <Text>{t("found.withdrawn")}</Text>}
      {found.contained && <Text>{t("found.contained")}</Text>}
      <HelpPhone />
      <Button component={Link} href="/" variant="default" size="lg">
        {t("home")}
      </Button>
    </Stack>
  );
}
