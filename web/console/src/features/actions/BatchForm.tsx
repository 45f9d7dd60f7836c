import { Alert, Button, Checkbox, Group, List, SimpleGrid, Stack, Text } from "@mantine/core";
import { IconHandStop, IconHourglass } from "@tabler/icons-react";
import { useState } from "react";
import { useNavigate } from "@tanstack/react-router";
import { api, rest, type Schemas } from "../../api/client";
import { fieldProblem } from "../../api/problem";
import { useT } from "../../i18n/strings";
import { useMe } from "../../session/useSession";
import { notifyDone } from "../../ui/notify";
import { Loading } from "../../ui/QueryView";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { uiStrings } from "../../ui/strings";
import { useWords } from "../../words/words";
import { AskProblem, CodeInput, useProof } from "./code";
import { ArgumentFields, argsOf, needsText, ReasonFields, TicketField, type Draft } from "./fields";
import { closeAction, type Device, type Kind } from "./openAction";
import { firstSentence } from "./sentence";
import { actionsStrings } from "./strings";
import { useAsk } from "./useAsk";

type Offer = Schemas["BatchOfferView"];
type Batch = Schemas["BatchView"];

interface Props {
  kind: Kind;
  devices: Device[];
  onDone?: (batch: Batch) => void;
}

/** Asks several devices for the same; those that would be left out are named before. */
export function BatchForm(props: Props) {
  const t = useT(actionsStrings);
  const ids = props.devices.map((device) => device.id).sort();
  const offers = api.useQuery("post", "/api/v1/batches/offers", { body: { devices: ids } }, { meta: { live: false } });
  if (!offers.data) return offers.error ? <ProblemAlert reading error={offers.error} retry={() => void offers.refetch()} /> : <Loading />;
  const offer = offers.data.items.find((one) => one.kind === props.kind);
  if (!offer || offer.allowed + offer.may_hold === 0) {
    return (
      <Stack>
        <Alert variant="light" color="orange" role="alert" icon={<IconHandStop aria-hidden />} title={t("refusedTitle")}>
          {t("batch.none")}
          {offer?.refused.map((reason) => <Text key={reason.detail}>{reason.detail}</Text>)}
        </Alert>
        <Group justify="flex-end">
          <Button onClick={closeAction} data-autofocus>
            {t("close")}
          </Button>
        </Group>
      </Stack>
    );
  }
  return <Form {...props} offer={offer} />;
}

const empty: Draft = { reason: "", ticket: "", code: "", text: "", phone: "", footnote: "", seconds: 60, wipeFirst: false, beyondReach: false, compromised: false };

function Form({ kind, devices, offer, onDone }: Props & { offer: Offer }) {
  const t = useT(actionsStrings);
  const ui = useT(uiStrings);
  const say = useWords();
  const me = useMe();
  const navigate = useNavigate();
  const [draft, setDraft] = useState<Draft>({ ...empty, text: kind === "lost_mode_on" ? t("fields.lostTextValue") : "" });
  const set = (change: Partial<Draft>) => setDraft((before) => ({ ...before, ...change }));
  const [hold, setHold] = useState(offer.allowed === 0);
  const { given, prove } = useProof(draft.code);
  const [tried, setTried] = useState(false);
  const { ask, problem, busy, wanted } = useAsk<Batch>();
  const asked = asks(devices, offer, hold);
  const destructive = offer.weight === "destructive";
  const needsCode = destructive || wanted;
  const missing = {
    reason: offer.weight !== "quiet" && draft.reason.trim().length < 3 ? t("missingReason") : undefined,
    text: needsText(kind) && draft.text.trim() === "" ? t("missingText") : undefined,
    code: needsCode && !given ? t("missingCode") : undefined,
  };
  const problems = {
    of: (...names: string[]) =>
      fieldProblem(problem, ...names) ?? (!tried ? undefined : names.includes("reason") ? missing.reason : names.includes("args.text") ? missing.text : undefined),
  };
  const submit = async () => {
    setTried(true);
    if (missing.reason || missing.text || missing.code) return;
    const body = {
      devices: asked.map((device) => device.id),
      kind,
      args: argsOf(kind, draft),
      reason: draft.reason.trim() || undefined,
      ticket: draft.ticket.trim() || undefined,
      ...(hold && { hold_until_idle: true }),
    };
    const send = async (header: { "Idempotency-Key": string }) => {
      const { data, error } = await rest.POST("/api/v1/batches", { params: { header }, body });
      if (error) throw error;
      return data;
    };
    const batch = await ask(JSON.stringify(body), send, needsCode ? { prove } : undefined);
    if (!batch) return set({ code: "" });
    notifyDone(t("batch.askedOf", { count: asked.length }));
    onDone?.(batch);
    closeAction();
    void navigate({ to: `/batches/${batch.id}` });
  };

  return (
    <form onSubmit={(event) => event.preventDefault()}>
      <Stack>
        <Text>{t(`what.${kind}`)}</Text>
        <div>
          <Text fw={600}>{t("batch.asked", { count: asked.length })}</Text>
          <Names devices={asked} />
          <Text size="sm">{t(offer.weight === "quiet" ? "batch.at_once" : "batch.delay")}</Text>
        </div>
        <LeftOut devices={devices} offer={offer} hold={hold} />
        {offer.may_hold > 0 && offer.allowed > 0 && (
          <Checkbox label={t("batch.hold")} description={t("batch.held", { count: offer.may_hold })} checked={hold} onChange={(event) => setHold(event.currentTarget.checked)} />
        )}
        {offer.needs_second_person && (
          <Alert variant="light" color="grape" icon={<IconHourglass aria-hidden />}>
            {t("askSecond", { who: offer.approvers, why: offer.second_person_why })}
          </Alert>
        )}
        <ArgumentFields kind={kind} draft={draft} set={set} problems={problems} />
        <ReasonFields kind={kind} pump={false} draft={draft} set={set} problems={problems} required={offer.weight !== "quiet"} />
        {needsCode && !me.has_second_factor && <Alert color="orange">{t("noFactor")}</Alert>}
        {(needsCode || offer.weight !== "quiet") && (
          <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
            {needsCode && <CodeInput value={draft.code} onChange={(code) => set({ code })} error={tried && !busy && !problem ? missing.code : undefined} />}
            {offer.weight !== "quiet" && <TicketField draft={draft} set={set} problems={problems} />}
          </SimpleGrid>
        )}
        <AskProblem problem={problem} />
        <Group justify="flex-end">
          <Button variant="default" onClick={closeAction}>
            {ui("cancel")}
          </Button>
          <Button color={destructive ? "red" : undefined} loading={busy} disabled={asked.length === 0} onClick={() => void submit()}>
            {t("batch.ask", { kind: say("kind", kind), count: asked.length })}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** The devices that would be asked: what is refused anyway is not sent. */
function asks(devices: Device[], offer: Offer, hold: boolean): Device[] {
  const out = new Set(offer.never);
  for (const reason of offer.refused) {
    if (!(hold && reason.may_hold)) for (const id of reason.devices) out.add(id);
  }
  return devices.filter((device) => !out.has(device.id));
}

const named = 6;

function Names({ devices }: { devices: Device[] }) {
  const t = useT(actionsStrings);
  const more = devices.length - named;
  return (
    <Text size="sm" c="dimmed">
      {devices
        .slice(0, named)
        .map((device) => (device.owner ? `${device.serial} (${device.owner})` : device.serial))
        .join(", ")}
      {more > 0 && ` ${t("batch.and", { count: more })}`}
    </Text>
  );
}

function LeftOut({ devices, offer, hold }: { devices: Device[]; offer: Offer; hold: boolean }) {
  const t = useT(actionsStrings);
  const serial = (id: string) => devices.find((device) => device.id === id)?.serial ?? id;
  const reasons = offer.refused.filter((reason) => !(hold && reason.may_hold)).map((reason) => ({ why: firstSentence(reason.detail), ids: reason.devices }));
  if (offer.never.length > 0) reasons.push({ why: t("batch.never"), ids: offer.never });
  const count = reasons.reduce((sum, reason) => sum + reason.ids.length, 0);
  if (count === 0) return null;
  return (
    <Alert variant="light" color="orange" icon={<IconHandStop aria-hidden />} title={t("batch.left", { count })}>
      <List size="sm">
        {reasons.map(({ why, ids }) => (
          <List.Item key={why}>
            {ids.slice(0, named).map(serial).join(", ")}
            {ids.length > named ? ` ${t("batch.and", { count: ids.length - named })}` : ""}: {why}
          </List.Item>
        ))}
      </List>
    </Alert>
  );
}
