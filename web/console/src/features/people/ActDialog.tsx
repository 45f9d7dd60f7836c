import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useState, type FormEvent, type ReactNode } from "react";
import { useT } from "../../i18n/strings";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { uiStrings } from "../../ui/strings";

interface Props {
  title: string;
  text: ReactNode;
  submit: string;
  color?: string;
  children?: ReactNode;
  onClose: () => void;
  /** Does it; what it throws is shown, and the dialog stays. */
  act: () => Promise<void>;
}

/** Says what follows from something before it is done. */
export function ActDialog({ title, text, submit, color, children, onClose, act }: Props) {
  const ui = useT(uiStrings);
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const go = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      await act();
    } catch (thrown) {
      setError(thrown);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal opened onClose={onClose} title={title} closeButtonProps={{ "aria-label": ui("close") }}>
      <form onSubmit={(event) => void go(event)}>
        <Stack>
          <Text component="div" size="sm">
            {text}
          </Text>
          {children}
          {error !== undefined && <ProblemAlert error={error} />}
          <Group justify="flex-end">
            <Button variant="default" data-autofocus={children ? undefined : true} onClick={onClose}>
              {ui("cancel")}
            </Button>
            <Button type="submit" color={color} loading={busy}>
              {submit}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

/** The server's answer, or its problem thrown, so that a dialog can show it. */
export async function answerOf<T>(answer: Promise<{ data?: T; error?: unknown }>): Promise<T> {
  const { data, error } = await answer;
  if (error !== undefined) throw error;
  return data as T;
}
