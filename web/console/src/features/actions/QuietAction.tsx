import { ActionIcon, Group, Paper } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useEffect, useRef } from "react";
import { api } from "../../api/client";
import { useT } from "../../i18n/strings";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { uiStrings } from "../../ui/strings";
import { CommandLine } from "../commands/CommandLine";
import { problemOf } from "../../api/problem";
import type { Device, Kind } from "./openAction";

interface Props {
  device: Device;
  kind: Kind;
  onClose: () => void;
}

/** A quiet kind: asked as soon as it is there, and followed in one line. The same that is open already is followed instead. */
export function QuietAction({ device, kind, onClose }: Props) {
  const ui = useT(uiStrings);
  const ask = api.useMutation("post", "/api/v1/devices/{id}/commands");
  const sent = useRef(false);
  const { mutate } = ask;
  useEffect(() => {
    if (sent.current) return; // also when React mounts twice
    sent.current = true;
    mutate({ params: { path: { id: device.id } }, body: { kind } });
  }, [mutate, device.id, kind]);
  const open = ask.error ? (problemOf(ask.error) as { command_id?: string }).command_id : undefined;
  const id = ask.data?.id ?? open;
  return (
    <Paper withBorder p="xs" radius="sm">
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        {ask.error && !open ? <ProblemAlert error={ask.error} /> : <CommandLine id={id} kind={kind} />}
        <ActionIcon variant="subtle" color="gray" aria-label={ui("close")} onClick={onClose}>
          <IconX size={16} aria-hidden />
        </ActionIcon>
      </Group>
    </Paper>
  );
}
