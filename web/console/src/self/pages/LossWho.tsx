import { Anchor, Button, Center, Checkbox, Loader, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { useEffect, useState, type FormEvent } from "react";
import { offlineCode, problemOf } from "../../api/problem";
import { useT } from "../../i18n/strings";
import type { Who } from "../oneAct";
import { Refusal } from "../Refusal";
import { selfStrings } from "../strings";
import { useOnline } from "../useOnline";
import type { Report } from "./Unsent";

interface Props<A> {
  /** Set when somebody is signed in: they are not asked again. */
  known?: () => Promise<A>;
  begin: (who: Who) => Promise<A>;
  next: (act: A) => void;
  /** Takes a report that cannot be sent now. */
  keep: (report: Report) => void;
}

/** The first of two questions: who reports it. */
export function LossWho<A>({ known, begin, next, keep }: Props<A>) {
  const t = useT(selfStrings);
  const online = useOnline();
  const [byCode, setByCode] = useState(false);
  const [offline, setOffline] = useState(!online);
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(known !== undefined);
  useEffect(() => {
    if (!known) return;
    let gone = false;
    known().then(
      (act) => gone || next(act),
      (problem) => {
        if (gone) return;
        setError(problem);
        setBusy(false);
      },
    );
    return () => {
      gone = true;
    };
    // Once, with what was known when the screen opened.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, []);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    const value = (name: string) => String(given.get(name) ?? "").trim();
    const who: Who = { username: value("username"), ...(byCode ? { code: value("code") } : { password: String(given.get("password") ?? "") }) };
    if (offline && given.has("label")) {
      keep({ who, target: { label: value("label") || undefined, stolen: given.get("stolen") !== null } });
      return;
    }
    setBusy(true);
    setError(undefined);
    try {
      next(await begin(who));
    } catch (problem) {
      if (problemOf(problem).code === offlineCode) setOffline(true);
      setError(problem);
      setBusy(false);
    }
  };
  if (known && busy) {
    return (
      <Center p="xl" role="status" aria-busy="true" aria-label={t("loading")}>
        <Loader aria-hidden />
      </Center>
    );
  }
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack>
        <Text>{t("lost.about")}</Text>
        {error !== undefined && !offline && <Refusal error={error} />}
        <TextInput name="username" size="md" label={t("signIn.username")} required maxLength={200} autoComplete="username" autoCapitalize="none" spellCheck={false} />
        {byCode ? (
          <TextInput name="code" size="md" label={t("lost.code")} description={t("lost.codeHint")} required maxLength={16} autoComplete="off" autoCapitalize="characters" />
        ) : (
          <PasswordInput name="password" size="md" label={t("signIn.password")} required maxLength={1024} autoComplete="off" />
        )}
        {offline && (
          <>
            <Text>{t("lost.offlineAbout")}</Text>
            <TextInput name="label" size="md" label={t("lost.label")} description={t("lost.offlineLabelHint")} maxLength={300} autoComplete="off" />
            <Checkbox name="stolen" size="md" label={t("lost.stolen")} />
          </>
        )}
        <Button type="submit" size="lg" loading={busy} fullWidth>
          {t(offline ? "lost.keep" : "next")}
        </Button>
        <Anchor component="button" type="button" py={6} onClick={() => setByCode(!byCode)}>
          {t(byCode ? "lost.byPassword" : "lost.byCode")}
        </Anchor>
      </Stack>
    </form>
  );
}
