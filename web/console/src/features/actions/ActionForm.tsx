import { Alert, Button, Group, SimpleGrid, Stack, Text } from "@mantine/core";
import { IconHandStop, IconHourglass } from "@tabler/icons-react";
import { useState } from "react";
import { api, rest, type Schemas } from "../../api/client";
import { fieldProblem } from "../../api/problem";
import { useT } from "../../i18n/strings";
import { useMe } from "../../session/useSession";
import { Loading } from "../../ui/QueryView";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { uiStrings } from "../../ui/strings";
import { ContainNotice, DeviceFacts, isPump, mayKnowOnlyWifi, NetworkChoice, SilenceNotice, WhatItDoes } from "./Facts";
import { AskProblem, CodeInput, useProof } from "./code";
import { ArgumentFields, argsOf, needsText, ReasonFields, TicketField, type Draft } from "./fields";
import { firstSentence } from "./sentence";
import { Follower } from "./Follower";
import { closeAction, type Device, type Kind } from "./openAction";
import { actionsStrings } from "./strings";
import { useAsk } from "./useAsk";

type Offer = Schemas["OfferView"];

interface Props {
  kind: Kind;
  device: Device;
  onAsked: (command: string) => void;
}

/**
 * Explains an action and asks for it. What stands against it is said before
 * anything is asked of the person; an action that is under way is followed.
 */
export function ActionForm({ kind, device, onAsked }: Props) {
  const t = useT(actionsStrings);
  // A pump may become busy or free while the dialog is open, which the event stream does not tell.
  const offers = api.useQuery("get", "/api/v1/devices/{id}/offers", { params: { path: { id: device.id } } }, { refetchInterval: 4_000 });
  const [hold, setHold] = useState(false);
  // Once a person has begun to type, the form stays whatever happens to the device.
  const [began, setBegan] = useState(false);
  if (!offers.data) return offers.error ? <ProblemAlert reading error={offers.error} retry={() => void offers.refetch()} /> : <Loading />;
  const offer = offers.data.items.find((one) => one.kind === kind);
  if (!offer) return <Refusal device={device} title={t("refusedTitle")} sentence={t("notOffered")} />;
  if (offer.open_command_id && !began) return <Follower id={offer.open_command_id} note={t("alreadyOpen")} />;
  const wait = offer.may_hold ? () => setHold(true) : undefined;
  if (!offer.allowed && !hold && !began) {
    return <Refusal device={device} title={t("refusedTitle")} sentence={offer.detail} help={wait ? undefined : offer.help} onHold={wait} />;
  }
  if (!began) setBegan(true);
  return <Form kind={kind} device={device} offer={offer} hold={hold && !offer.allowed} onHold={wait} onAsked={onAsked} />;
}

interface RefusalProps {
  device: Device;
  title: string;
  sentence: string;
  help?: string;
  onHold?: () => void;
}

/** Says no in words, and what can be done instead. */
function Refusal({ device, title, sentence, help, onHold }: RefusalProps) {
  const t = useT(actionsStrings);
  return (
    <Stack>
      <DeviceFacts device={device} />
      <Alert variant="light" color="orange" role="alert" icon={<IconHandStop aria-hidden />} title={title}>
        <Text size="sm">{sentence}</Text>
        {help && <Text size="sm">{help}</Text>}
        <Text size="sm" fw={600} mt={4}>
          {t("nothingAsked")}
        </Text>
      </Alert>
      {onHold && <Text size="sm">{t("holdOffer")}</Text>}
      <Group justify="flex-end">
        {onHold && (
          <Button variant="default" onClick={onHold}>
            {t("wantHold")}
          </Button>
        )}
        <Button onClick={closeAction} data-autofocus>
          {t("close")}
        </Button>
      </Group>
    </Stack>
  );
}

function useDraft(kind: Kind, device: Device) {
  const t = useT(actionsStrings);
  const [draft, setDraft] = useState<Draft>(() => ({
    reason: "",
    ticket: "",
    code: "",
    text: kind === "lost_mode_on" ? t("fields.lostTextValue") : "",
    phone: "",
    footnote: "",
    seconds: 60,
    beyondReach: false,
    compromised: false,
    wipeFirst: kind === "wipe" && !isPump(device) && device.certificate?.status !== "contained" && mayKnowOnlyWifi(device),
  }));
  return { draft, set: (change: Partial<Draft>) => setDraft((before) => ({ ...before, ...change })) };
}

interface FormProps extends Props {
  offer: Offer;
  /** It is asked to wait until the pump is free. */
  hold: boolean;
  onHold?: () => void;
}

function Form({ kind, device, offer, hold, onHold, onAsked }: FormProps) {
  const t = useT(actionsStrings);
  const ui = useT(uiStrings);
  const me = useMe();
  const { draft, set } = useDraft(kind, device);
  const { ask, problem, busy, wanted } = useAsk<Schemas["CommandView"]>();
  const { given, prove } = useProof(draft.code);
  const [tried, setTried] = useState(false);
  const destructive = offer.weight === "destructive";
  const needsCode = destructive || wanted;
  const missing = {
    reason: destructive && draft.reason.trim().length < 3 ? t("missingReason") : undefined,
    beyond: kind === "revoke" && !draft.beyondReach ? t("beyond.missing") : undefined,
    text: needsText(kind) && draft.text.trim() === "" ? t("missingText") : undefined,
    code: needsCode && !given ? t("missingCode") : undefined,
  };
  const problems = {
    of: (...names: string[]) =>
      fieldProblem(problem, ...names) ?? (!tried ? undefined : names.includes("reason") ? missing.reason : names.includes("args.text") ? missing.text : names.includes("args.beyond_reach") ? missing.beyond : undefined),
  };
  if (needsCode && !me.has_second_factor) return <NoFactor device={device} />;

  const submit = async () => {
    setTried(true);
    if (missing.reason || missing.text || missing.code || missing.beyond) return;
    const body = { kind, args: argsOf(kind, draft), reason: draft.reason.trim() || undefined, ticket: draft.ticket.trim() || undefined, ...(hold && { hold_until_idle: true }) };
    const send = async (header: { "Idempotency-Key": string }) => {
      const { data, error } = await rest.POST("/api/v1/devices/{id}/commands", { params: { path: { id: device.id }, header }, body });
      if (error) throw error;
      return data;
    };
    const code = needsCode ? { prove, subject: { device_id: device.id } } : undefined;
    const made = await ask(JSON.stringify(body), send, code);
    if (made) onAsked(made.id);
    else set({ code: "" }); // it works once
  };

  return (
    // Nothing is asked by Enter: only by the button that names the device.
    <form onSubmit={(event) => event.preventDefault()}>
      <Stack>
        <DeviceFacts device={device} />
        <WhatItDoes kind={kind} device={device} />
        {hold && (
          <Alert variant="light" color="blue" icon={<IconHourglass aria-hidden />}>
            {t("holdNow")} {firstSentence(offer.detail)}
          </Alert>
        )}
        {!hold && offer.allowed && <SilenceNotice device={device} />}
        {!hold && !offer.allowed && (
          <Alert variant="light" color="orange" role="alert" icon={<IconHandStop aria-hidden />} title={t("refusedTitle")}>
            <Text size="sm">{offer.detail}</Text>
            {onHold && (
              <Button variant="default" size="xs" mt="xs" onClick={onHold}>
                {t("wantHold")}
              </Button>
            )}
          </Alert>
        )}
        {offer.needs_second_person && (
          <Alert variant="light" color="grape" icon={<IconHourglass aria-hidden />}>
            {t("askSecond", { who: offer.approvers, why: offer.second_person_why })}
          </Alert>
        )}
        {kind === "contain" && <ContainNotice device={device} />}
        {kind === "wipe" && <NetworkChoice device={device} draft={draft} set={set} />}
        <ArgumentFields kind={kind} draft={draft} set={set} problems={problems} />
        {offer.weight !== "quiet" && <ReasonFields kind={kind} pump={isPump(device)} draft={draft} set={set} problems={problems} required={destructive} />}
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
          <Button color={destructive ? "red" : undefined} loading={busy} disabled={!offer.allowed && !hold} onClick={() => void submit()}>
            {hold ? t("askHeld") : t(`ask.${kind}`, { device: device.serial })}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function NoFactor({ device }: { device: Device }) {
  const t = useT(actionsStrings);
  return <Refusal device={device} title={t("refusedTitle")} sentence={t("noFactor")} />;
}
