import { Button, Group, Modal, Stack, Text, Textarea } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { Schemas } from "../../../api/client";
import { fieldProblem, type Problem } from "../../../api/problem";
import { useT } from "../../../i18n/strings";
import { notifyDone } from "../../../ui/notify";
import { ProblemAlert } from "../../../ui/ProblemAlert";
import { uiStrings } from "../../../ui/strings";
import type { Device } from "../useDevice";
import { careStrings } from "./strings";

/** What every dialog of care takes. */
export interface CareProps {
  /** As it is now: it goes on being read while the dialog is open. */
  device: Device;
  onClose: () => void;
  /** The hold that it is about, where it is about one. */
  hold?: Schemas["HoldView"];
}

interface Props {
  title: string;
  /** One or two sentences about what will happen. */
  text?: ReactNode;
  submit: string;
  busy: boolean;
  /** What the server said; shown above the buttons unless a field shows it. */
  problem?: Problem;
  /** Names of fields that show their own problem. */
  fields: string[];
  onSubmit: () => void;
  onClose: () => void;
  children: ReactNode;
}

/** The frame of a dialog in which people record something about a device. */
export function CareDialog({ title, text, submit, busy, problem, fields, onSubmit, onClose, children }: Props) {
  const ui = useT(uiStrings);
  const elsewhere = problem && !fieldProblem(problem, ...fields);
  return (
    <Modal opened onClose={onClose} title={title} closeButtonProps={{ "aria-label": ui("close") }} returnFocus={false}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          onSubmit();
        }}
      >
        <Stack gap="md">
          {text && <Text size="sm">{text}</Text>}
          {children}
          {elsewhere && <ProblemAlert error={problem} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {ui("cancel")}
            </Button>
            <Button type="submit" loading={busy}>
              {submit}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

interface ReasonProps {
  value: string;
  onChange: (value: string) => void;
  /** It must be given. */
  required?: boolean;
  /** What is wrong with it. */
  error?: string | undefined;
  autoFocus?: boolean;
}

/** Why: the same field in every dialog. */
export function ReasonField({ value, onChange, required, error, autoFocus }: ReasonProps) {
  const t = useT(careStrings);
  return (
    <Textarea
      label={required ? t("reason") : t("reasonOptional")}
      withAsterisk={required ?? false}
      aria-required={required ?? false}
      maxLength={500}
      autosize
      minRows={2}
      value={value}
      error={error}
      data-autofocus={autoFocus || undefined}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

/** Whether a reason says anything, as the server asks. */
export function saysWhy(reason: string): boolean {
  return reason.trim().length >= 3;
}

/** What follows when something was recorded: it is said, the screen is read anew, the dialog goes. */
export function useRecorded(onClose: () => void): (message: string) => void {
  const client = useQueryClient();
  return (message) => {
    notifyDone(message);
    void client.invalidateQueries();
    onClose();
  };
}
