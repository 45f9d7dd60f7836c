import { Button, Checkbox, Group, List, Modal, NumberInput, Stack, Text, TextInput } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { rest } from "../../api/client";
import type { components } from "../../api/schema";
import { useT } from "../../i18n/strings";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { uiStrings } from "../../ui/strings";
import { guardStrings } from "./strings";
import { useWrite } from "./useWrite";

export type Freeze = components["schemas"]["FreezeView"];
export type Limit = components["schemas"]["LimitView"];

export const shortestReason = 3;

interface FrameProps {
  title: string;
  error: unknown;
  busy: boolean;
  ready: boolean;
  confirm: string;
  color?: string;
  onClose: () => void;
  onConfirm: () => void;
  children: ReactNode;
}

/** A dialog that says what will happen; the button that does it is never the default. */
export function Frame({ title, error, busy, ready, confirm, color, onClose, onConfirm, children }: FrameProps) {
  const ui = useT(uiStrings);
  return (
    <Modal opened onClose={onClose} title={title} closeButtonProps={{ "aria-label": ui("close") }}>
      <Stack>
        {children}
        {error !== undefined && <ProblemAlert error={error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {ui("cancel")}
          </Button>
          <Button color={color} loading={busy} disabled={!ready} onClick={onConfirm}>
            {confirm}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

/** Stops all wipes, after saying what that stops and what goes on. */
export function FreezeDialog({ onClose }: { onClose: () => void }) {
  const t = useT(guardStrings);
  const [reason, setReason] = useState("");
  const { error, busy, write } = useWrite(onClose);
  const set = () => write(() => rest.POST("/api/v1/freezes", { body: { scope: "server", reason } }), t("freeze.done"));
  return (
    <Frame
      title={t("freeze.title")}
      {...{ error, busy, onClose }}
      ready={reason.trim().length >= shortestReason}
      confirm={t("freeze.set")}
      color="red"
      onConfirm={() => void set()}
    >
      <List size="sm" spacing="xs">
        <List.Item>{t("freeze.stops")}</List.Item>
        <List.Item>{t("freeze.passes")}</List.Item>
        <List.Item>{t("freeze.lift")}</List.Item>
      </List>
      <TextInput label={t("freeze.reason")} required data-autofocus value={reason} onChange={(e) => setReason(e.currentTarget.value)} />
    </Frame>
  );
}

/** Asks to lift a freeze, or agrees to what somebody else asked for. */
export function LiftDialog({ freeze, onClose }: { freeze: Freeze; onClose: () => void }) {
  const t = useT(guardStrings);
  const [reason, setReason] = useState("");
  const { error, busy, write } = useWrite(onClose);
  const params = { path: { id: freeze.id } };
  const [read, setRead] = useState(false);
  const seen = freeze.lost?.list_hash;
  const second = freeze.lift_requested_by !== "";
  const send = () =>
    second
      ? write(() => rest.POST("/api/v1/freezes/{id}/approve-lift", { params, body: { seen } }), t("lifted"))
      : write(() => rest.POST("/api/v1/freezes/{id}/lift", { params, body: { reason, seen } }), t("asked"));
  return (
    <Frame
      title={t(second ? "agreeTitle" : "liftTitle")}
      {...{ error, busy, onClose }}
      ready={(second || reason.trim().length >= shortestReason) && (read || !seen)}
      confirm={t(second ? "agree" : "askLift")}
      onConfirm={() => void send()}
    >
      <Text size="sm">{t(seen ? "lost.goesOn" : second ? "agreeText" : "liftText")}</Text>
      {second ? (
        <Text size="sm">{t("asks", { who: freeze.lift_requested_by, reason: freeze.lift_reason })}</Text>
      ) : (
        <TextInput label={t("freeze.reason")} required data-autofocus value={reason} onChange={(e) => setReason(e.currentTarget.value)} />
      )}
      {seen && <Checkbox label={t("lost.seen")} checked={read} onChange={(e) => setRead(e.currentTarget.checked)} />}
    </Frame>
  );
}

/** Changes the number of a limit. */
export function LimitDialog({ limit, onClose }: { limit: Limit; onClose: () => void }) {
  const t = useT(guardStrings);
  const [number, setNumber] = useState<number | string>(limit.number);
  const [reason, setReason] = useState("");
  const { error, busy, write } = useWrite(onClose);
  const save = () => write(() => rest.PATCH("/api/v1/limits", { body: { id: limit.id, number: Number(number), reason } }), t("changed"));
  return (
    <Frame
      title={t("changeTitle")}
      {...{ error, busy, onClose }}
      ready={number !== "" && Number(number) !== limit.number && reason.trim().length >= shortestReason}
      confirm={t("save")}
      onConfirm={() => void save()}
    >
      <Text size="sm">{limit.words}</Text>
      <Text size="sm">{t("changeText")}</Text>
      <NumberInput label={t("number")} min={0} allowDecimal={false} data-autofocus value={number} onChange={setNumber} />
      <TextInput label={t("freeze.reason")} required value={reason} onChange={(e) => setReason(e.currentTarget.value)} />
    </Frame>
  );
}
