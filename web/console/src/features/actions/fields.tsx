import { Checkbox, Chip, Group, Input, SegmentedControl, Stack, Textarea, TextInput } from "@mantine/core";
import { useT } from "../../i18n/strings";
import { uiStrings } from "../../ui/strings";
import type { Kind } from "./openAction";
import { actionsStrings } from "./strings";

/** What a person types and chooses for an action. */
export interface Draft {
  reason: string;
  ticket: string;
  code: string;
  text: string;
  phone: string;
  footnote: string;
  seconds: number;
  wipeFirst: boolean;
  beyondReach: boolean;
  compromised: boolean;
}

export type SetDraft = (change: Partial<Draft>) => void;

/** The field names of the API, for problems that name one. */
export interface FieldProblems {
  of: (...names: string[]) => string | undefined;
}

interface Props {
  kind: Kind;
  draft: Draft;
  set: SetDraft;
  problems: FieldProblems;
}

/** The arguments of the API; what a kind does not take is left out. */
export function argsOf(kind: Kind, draft: Draft): Record<string, unknown> {
  const text = draft.text.trim();
  const phone = draft.phone.trim();
  switch (kind) {
    case "ring":
      return { seconds: draft.seconds };
    case "message":
      return { text };
    case "lock":
      return { ...(text && { message: text }), ...(phone && { phone_number: phone }) };
    case "lost_mode_on":
      return { message: text, ...(phone && { phone_number: phone }), ...(draft.footnote.trim() && { footnote: draft.footnote.trim() }) };
    case "wipe":
      return draft.wipeFirst ? { wipe_first: true } : {};
    case "revoke":
      return { beyond_reach: draft.beyondReach, ...(draft.compromised && { key_compromised: true }) };
  }
  return {};
}

export function needsText(kind: Kind): boolean {
  return kind === "message" || kind === "lost_mode_on";
}

/** The fields that a kind has beside its reason. */
export function ArgumentFields({ kind, draft, set, problems }: Props) {
  const t = useT(actionsStrings);
  const ui = useT(uiStrings);
  if (kind === "ring") {
    return (
      <Input.Wrapper label={t("fields.seconds")} labelElement="div">
        <div>
          <SegmentedControl
            aria-label={t("fields.seconds")}
            value={String(draft.seconds)}
            onChange={(value) => set({ seconds: Number(value) })}
            data={[
              { value: "30", label: t("fields.secondsOption", { count: 30 }) },
              { value: "60", label: t("fields.minutesOption", { count: 1 }) },
              { value: "300", label: t("fields.minutesOption", { count: 5 }) },
            ]}
          />
        </div>
      </Input.Wrapper>
    );
  }
  if (kind === "revoke") {
    return (
      <Stack gap="xs">
        <Checkbox label={t("beyond.confirm")} checked={draft.beyondReach} error={problems.of("args.beyond_reach")} onChange={(event) => set({ beyondReach: event.currentTarget.checked })} />
        <Checkbox label={t("beyond.compromised")} checked={draft.compromised} onChange={(event) => set({ compromised: event.currentTarget.checked })} />
      </Stack>
    );
  }
  if (kind !== "message" && kind !== "lock" && kind !== "lost_mode_on") return null;
  const phone = kind !== "message";
  return (
    <Stack gap="sm">
      <Textarea
        label={t(kind === "lost_mode_on" ? "fields.lostText" : "fields.text")}
        description={kind === "lock" ? ui("optional") : undefined}
        required={needsText(kind)}
        maxLength={240}
        autosize
        minRows={2}
        value={draft.text}
        error={problems.of("args.text", "args.message")}
        onChange={(event) => set({ text: event.currentTarget.value })}
        data-autofocus
      />
      {phone && (
        <TextInput
          label={t("fields.phone")}
          description={ui("optional")}
          type="tel"
          maxLength={32}
          value={draft.phone}
          error={problems.of("args.phone_number")}
          onChange={(event) => set({ phone: event.currentTarget.value })}
        />
      )}
    </Stack>
  );
}

const quick: Partial<Record<Kind, (keyof (typeof actionsStrings)["en"]["reasons"])[]>> = {
  wipe: ["lost", "stolen", "leaver", "reuse"],
  remove_work_data: ["lost", "stolen", "leaver"],
  clear_passcode: ["leaver", "hangs"],
  contain: ["stolen", "lost", "attack"],
  revoke: ["leaver", "attack"],
  decommission: ["leaver", "retire"],
  write_off: ["missing", "lost", "stolen"],
  lock: ["lost", "stolen", "missing"],
  lost_mode_on: ["lost", "missing", "stolen"],
  lost_mode_off: ["found"],
  unlock: ["found"],
  ring: ["missing"],
  restart: ["hangs", "maintenance"],
};

/** Why, with what is usual to choose from. */
export function ReasonFields({ kind, pump, draft, set, problems, required }: Props & { pump: boolean; required: boolean }) {
  const t = useT(actionsStrings);
  const ui = useT(uiStrings);
  const choices = (pump && kind === "wipe" ? (["retire"] as const) : (quick[kind] ?? [])).map((key) => t(`reasons.${key}`));
  return (
    <Stack gap={6}>
      <TextInput
        label={t("fields.reason")}
        description={required ? t("fields.reasonHint") : ui("optional")}
        required={required}
        maxLength={500}
        value={draft.reason}
        error={problems.of("reason")}
        onChange={(event) => set({ reason: event.currentTarget.value })}
        data-autofocus={!needsText(kind) || undefined}
      />
      {choices.length > 0 && (
        <Chip.Group value={choices.includes(draft.reason) ? draft.reason : ""} onChange={(reason) => set({ reason: String(reason) })}>
          <Group gap={6} role="radiogroup" aria-label={t("reasons.label")}>
            {choices.map((choice) => (
              <Chip key={choice} value={choice} size="sm">
                {choice}
              </Chip>
            ))}
          </Group>
        </Chip.Group>
      )}
    </Stack>
  );
}

/** The number that the help desk knows it by. */
export function TicketField({ draft, set, problems }: Omit<Props, "kind">) {
  const t = useT(actionsStrings);
  const ui = useT(uiStrings);
  return (
    <TextInput
      label={t("fields.ticket")}
      description={`${t("fields.ticketHint")}, ${ui("optional")}`}
      maxLength={64}
      value={draft.ticket}
      error={problems.of("ticket")}
      onChange={(event) => set({ ticket: event.currentTarget.value })}
    />
  );
}
