import { Alert, Button, Paper, Stack, Text, TextInput, Title } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { problemOf } from "../../api/problem";
import { useT } from "../../i18n/strings";
import type { Schemas } from "../client";
import { HandheldLine, sorted } from "../HandheldLine";
import { handheldStrings } from "../handheldStrings";
import { Reading } from "../Reading";
import { Refusal } from "../Refusal";
import { mine, self } from "../session";

type Own = Schemas["OwnHandheldView"];

/** The shared handhelds that I have, taking one by its label, and those of my ward. */
export default function HandheldsPage() {
  const t = useT(handheldStrings);
  const queries = useQueryClient();
  const query = self.useQuery("get", "/api/v1/self/handhelds", {}, { refetchInterval: 30_000 });
  const [said, setSaid] = useState<string>();
  const done = (what: string) => {
    setSaid(what);
    void queries.invalidateQueries();
  };
  return (
    <Reading query={query}>
      {({ mine: own, wards }) => (
        <Stack gap="lg">
          <div role="status">{said && <Alert color="teal" variant="light" title={said} />}</div>
          <Section title={t("mine")}>
            {own.length === 0 && <Text>{t("nothing")}</Text>}
            {own.map((handheld) => (
              <Mine key={handheld.id} handheld={handheld} done={done} />
            ))}
          </Section>
          {wards.length === 0 ? <Text>{t("noWard")}</Text> : <Take done={done} />}
          {wards.length > 0 && <BadgeCode />}
          {wards.map(({ ward, items }) => (
            <Section key={ward} title={t("ward", { ward })}>
              {items.length === 0 && <Text>{t("noneOnWard")}</Text>}
              <Stack component="ul" p={0} m={0} gap="xs" style={{ listStyle: "none" }}>
                {sorted(items).map((handheld) => (
                  <Paper key={handheld.label} component="li" withBorder p="sm">
                    <HandheldLine handheld={handheld} />
                  </Paper>
                ))}
              </Stack>
            </Section>
          ))}
        </Stack>
      )}
    </Reading>
  );
}

function Section({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <Stack component="section" gap="sm" aria-label={title}>
      <Title order={2} size="h4">
        {title}
      </Title>
      {children}
    </Stack>
  );
}

/** One tap, with its refusal. */
function useAct() {
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const act = async (work: () => Promise<void>) => {
    setBusy(true);
    setError(undefined);
    try {
      await work();
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return { error, busy, act };
}

function Mine({ handheld, done }: { handheld: Own; done: (said: string) => void }) {
  const t = useT(handheldStrings);
  const { error, busy, act } = useAct();
  const [code, setCode] = useState("");
  const path = { id: handheld.id };
  const bringBack = async () => {
    const { data, error: refused } = await mine.POST("/api/v1/self/handhelds/{id}/return", { params: { path }, body: { code: code.replace(/\s/g, "") || undefined } });
    if (!data) throw refused;
    done(t("returned", { label: handheld.label }));
  };
  const dispute = async () => {
    const { data, error: refused } = await mine.POST("/api/v1/self/handhelds/{id}/dispute", { params: { path } });
    if (!data) throw refused;
    done(t("disputed"));
  };
  const asksForCode = handheld.locked || (error !== undefined && problemOf(error).code === "handheld_locked");
  return (
    <Paper withBorder p="md" component="article" aria-label={handheld.label}>
      <Stack gap="xs">
        <HandheldLine handheld={handheld} />
        <Text size="sm">{t("via", { where: handheld.via })}</Text>
        {handheld.disputed_at && <Text size="sm">{t("disputed")}</Text>}
        {error !== undefined && <Refusal error={error} />}
        {asksForCode && (
          <TextInput
            label={t("lockedCode")}
            description={t("lockedCodeHint")}
            value={code}
            onChange={(event) => setCode(event.currentTarget.value)}
            inputMode="numeric"
            maxLength={16}
            autoComplete="off"
          />
        )}
        <Button size="lg" loading={busy} onClick={() => void act(bringBack)}>
          {t("back")}
        </Button>
        {!handheld.disputed_at && (
          <Button variant="default" disabled={busy} onClick={() => void act(dispute)}>
            {t("notMine")}
          </Button>
        )}
      </Stack>
    </Paper>
  );
}

function Take({ done }: { done: (said: string) => void }) {
  const t = useT(handheldStrings);
  const { error, busy, act } = useAct();
  const [label, setLabel] = useState("");
  const take = async () => {
    const { data, error: refused } = await mine.POST("/api/v1/self/handhelds/take", { body: { label: label.trim() } });
    if (!data) throw refused;
    setLabel("");
    done(data.from ? t("takenFrom", { label: data.handheld.label, name: data.from }) : t("taken", { label: data.handheld.label }));
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void act(take);
  };
  return (
    <Section title={t("take")}>
      <form onSubmit={submit}>
        <Stack gap="sm">
          {error !== undefined && <Refusal error={error} />}
          <TextInput
            size="md"
            label={t("label")}
            description={t("takeAbout")}
            value={label}
            onChange={(event) => setLabel(event.currentTarget.value)}
            required
            minLength={2}
            maxLength={300}
            autoComplete="off"
            autoCapitalize="characters"
          />
          <Button type="submit" size="lg" loading={busy}>
            {t("takeIt")}
          </Button>
        </Stack>
      </form>
    </Section>
  );
}

function BadgeCode() {
  const t = useT(handheldStrings);
  const { error, busy, act } = useAct();
  const [code, setCode] = useState<string>();
  const make = async () => {
    const { data, error: refused } = await mine.POST("/api/v1/self/handhelds/code", {});
    if (!data) throw refused;
    setCode(data.code);
    setTimeout(() => setCode((now) => (now === data.code ? undefined : now)), Math.max(0, Date.parse(data.expires_at) - Date.now()));
  };
  return (
    <Section title={t("noBadge")}>
      {error !== undefined && <Refusal error={error} />}
      <div role="status">
        {code && (
          <Alert color="blue" variant="light" title={t("code")}>
            <Text fz={40} fw={700} ff="monospace" c="var(--mantine-color-text)">
              {code}
            </Text>
            {t("noBadgeAbout")}
          </Alert>
        )}
      </div>
      {!code && (
        <Button variant="default" size="md" loading={busy} onClick={() => void act(make)}>
          {t("makeCode")}
        </Button>
      )}
    </Section>
  );
}
