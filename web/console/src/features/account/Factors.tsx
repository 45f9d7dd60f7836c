import { Alert, Button, Code, Image, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { api, rest, type Schemas } from "../../api/client";
import { useT } from "../../i18n/strings";
import { knowsPasskeys, makePasskey, wasClosed, type PasskeyAnswer } from "../../session/passkey";
import { session } from "../../session/session";
import { notifyDone } from "../../ui/notify";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { QueryView } from "../../ui/QueryView";
import { Line, Moment, Part } from "./Line";
import { OwnerDialog, type Owner } from "./OwnerDialog";
import { accountStrings } from "./strings";

type FactorsView = Schemas["FactorsView"];

/** What is being changed; each begins with password and a present factor. */
type Change = { what: "totp" } | { what: "passkey" } | { what: "codes" } | { what: "remove"; id: string };

/** What comes after the proof. */
type Next = { app: Schemas["TOTPSeed"] } | { passkey: PasskeyAnswer } | { codes: string[] };

/** Throws the server's problem, so that a dialog can show it. */
async function done<T>(answer: Promise<{ data?: T; error?: unknown }>): Promise<T> {
  const { data, error } = await answer;
  if (error !== undefined) throw error;
  return data as T;
}

export function Factors() {
  const t = useT(accountStrings);
  const factors = api.useQuery("get", "/api/v1/auth/factors");
  return (
    <Part title={t("factors")} about={t("factorsAbout")}>
      <QueryView query={factors}>{(view) => <FactorList view={view} reread={() => void factors.refetch()} />}</QueryView>
    </Part>
  );
}

function FactorList({ view, reread }: { view: FactorsView; reread: () => void }) {
  const t = useT(accountStrings);
  const [change, setChange] = useState<Change>();
  const [next, setNext] = useState<Next>();
  const hasPasskey = view.passkeys.length > 0 && knowsPasskeys();
  const hasFactor = view.totp || view.passkeys.length > 0;
  const changed = (text?: string) => {
    setChange(undefined);
    setNext(undefined);
    if (text) notifyDone(text);
    reread();
    void session.readMe();
  };
  const act = async (owner: Owner) => {
    if (!change) return;
    if (change.what === "totp") setNext({ app: await done(rest.POST("/api/v1/auth/totp", { body: owner })) });
    if (change.what === "passkey") setNext({ passkey: await makePasskey(await done(rest.POST("/api/v1/auth/passkeys/registration-question", { body: owner }))) });
    if (change.what === "codes") setNext({ codes: (await done(rest.POST("/api/v1/auth/recovery-codes", { body: owner }))).codes });
    if (change.what === "remove") {
      await done(rest.POST("/api/v1/auth/factors/{id}/remove", { params: { path: { id: change.id } }, body: owner }));
      return changed(t("removed"));
    }
    setChange(undefined);
  };
  return (
    <Stack gap="md">
      {!hasFactor && <Alert color="orange">{t("noFactor")}</Alert>}
      <Line
        name={t("app")}
        actions={
          <>
            {view.totp && view.passkeys.length > 0 && (
              <Button size="xs" variant="subtle" color="red" onClick={() => setChange({ what: "remove", id: "totp" })}>
                {t("remove")}
              </Button>
            )}
            <Button size="xs" variant="default" onClick={() => setChange({ what: "totp" })}>
              {view.totp ? t("replace") : t("setUp")}
            </Button>
          </>
        }
      >
        {view.totp ? <Good from={view.totp_good_from} /> : t("appNone")}
      </Line>
      <Line
        name={t("passkeys")}
        actions={
          knowsPasskeys() && (
            <Button size="xs" variant="default" onClick={() => setChange({ what: "passkey" })}>
              {t("passkeyAdd")}
            </Button>
          )
        }
      >
        {!knowsPasskeys() ? t("passkeyUnknown") : view.passkeys.length === 0 ? t("passkeyNone") : null}
      </Line>
      {view.passkeys.map((key) => (
        <Line
          key={key.id}
          name={key.name}
          actions={
            <Button size="xs" variant="subtle" color="red" aria-label={`${t("remove")}: ${key.name}`} onClick={() => setChange({ what: "remove", id: key.id })}>
              {t("remove")}
            </Button>
          }
        >
          <Good from={key.good_from} /> · <Moment label={t("lastUsed")} at={key.last_used_at} />
        </Line>
      ))}
      <Line
        name={t("recovery")}
        actions={
          hasFactor && (
            <Button size="xs" variant="default" onClick={() => setChange({ what: "codes" })}>
              {t("recoveryMake")}
            </Button>
          )
        }
      >
        {view.recovery_codes_left === 0 ? (
          t("recoveryNone")
        ) : (
          <>
            {t("recoveryLeft", { count: view.recovery_codes_left })} · <Good from={view.recovery_codes_good_from} />
          </>
        )}
      </Line>
      {change && (
        <OwnerDialog title={titleOf(change, t)} hasFactor={hasFactor} hasPasskey={hasPasskey} onClose={() => setChange(undefined)} act={act} />
      )}
      {next && "app" in next && <AppDialog app={next.app} onClose={() => setNext(undefined)} onDone={() => changed(t("added"))} />}
      {next && "passkey" in next && <NameDialog answer={next.passkey} onClose={() => setNext(undefined)} onDone={() => changed(t("added"))} />}
      {next && "codes" in next && <CodesDialog codes={next.codes} onClose={() => changed()} />}
    </Stack>
  );
}

function titleOf(change: Change, t: (key: "app" | "passkeyAdd" | "recoveryMake" | "remove") => string): string {
  return { totp: t("app"), passkey: t("passkeyAdd"), codes: t("recoveryMake"), remove: t("remove") }[change.what];
}

function Good({ from }: { from: string | null | undefined }) {
  const t = useT(accountStrings);
  const [now] = useState(() => Date.now());
  return from && new Date(from).getTime() > now ? <Moment label={t("coolsUntil")} at={from} /> : <span>{t("good")}</span>;
}

/** A dialog with one field that ends what a proof began. */
function EndDialog({ title, label, hint, above, onClose, act }: EndProps) {
  const t = useT(accountStrings);
  const [value, setValue] = useState("");
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const submit = async (event: React.FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      await act(value.trim());
    } catch (thrown) {
      if (!wasClosed(thrown)) setError(thrown);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal opened onClose={onClose} title={title}>
      <form onSubmit={(event) => void submit(event)}>
        <Stack>
          {above}
          {error !== undefined && <ProblemAlert error={error} />}
          <TextInput label={label} description={hint} required data-autofocus maxLength={100} autoComplete="off" value={value} onChange={(e) => setValue(e.currentTarget.value)} />
          <Button type="submit" loading={busy}>
            {t("done")}
          </Button>
        </Stack>
      </form>
    </Modal>
  );
}

interface EndProps {
  title: string;
  label: string;
  hint?: string;
  above?: React.ReactNode;
  onClose: () => void;
  act: (value: string) => Promise<void>;
}

function AppDialog({ app, onClose, onDone }: { app: Schemas["TOTPSeed"]; onClose: () => void; onDone: () => void }) {
  const t = useT(accountStrings);
  const above = (
    <>
      <Text size="sm">{t("scan")}</Text>
      <Image src={app.qr} alt={app.seed} w={220} h={220} mx="auto" />
      <Text size="sm">{t("scanType")}</Text>
      <Code block>{app.seed}</Code>
    </>
  );
  const act = async (otp: string) => {
    await done(rest.POST("/api/v1/auth/totp/confirm", { body: { otp } }));
    onDone();
  };
  return <EndDialog title={t("app")} label={t("firstCode")} above={above} onClose={onClose} act={act} />;
}

function NameDialog({ answer, onClose, onDone }: { answer: PasskeyAnswer; onClose: () => void; onDone: () => void }) {
  const t = useT(accountStrings);
  const act = async (name: string) => {
    await done(rest.POST("/api/v1/auth/passkeys", { body: { ...answer, name } }));
    onDone();
  };
  return <EndDialog title={t("passkeyAdd")} label={t("passkeyName")} hint={t("passkeyNameHint")} onClose={onClose} act={act} />;
}

function CodesDialog({ codes, onClose }: { codes: string[]; onClose: () => void }) {
  const t = useT(accountStrings);
  return (
    <Modal opened onClose={onClose} title={t("recovery")} closeOnClickOutside={false}>
      <Stack>
        <Text size="sm">{t("recoveryShown")}</Text>
        <Code block>{codes.join("\n")}</Code>
        <Button onClick={onClose}>{t("done")}</Button>
      </Stack>
    </Modal>
  );
}
