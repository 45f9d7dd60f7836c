import { Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { IconEye, IconEyeOff } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { rest, type Schemas } from "../../api/client";
import { fieldProblem, problemOf, type Problem } from "../../api/problem";
import { relative } from "../../i18n/format";
import { useT } from "../../i18n/strings";
import { useMay } from "../../session/useSession";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { uiStrings } from "../../ui/strings";
import { useNow } from "../../ui/useNow";
import { ReadAt } from "./Age";
import { LocationShown } from "./LocationShown";
import { deviceStrings } from "./strings";
import type { Device } from "./useDevice";

interface Look {
  at: number;
  location: Schemas["LocationView"] | undefined;
}

/** A location that is a person's: shown to whoever says why, and they are told so before. */
export function WithheldLocation({ device }: { device: Device }) {
  const t = useT(deviceStrings);
  const may = useMay();
  const now = useNow();
  const [asking, setAsking] = useState(false);
  const [look, setLook] = useState<Look>();
  const button = useRef<HTMLButtonElement>(null);
  const close = () => {
    setAsking(false);
    requestAnimationFrame(() => button.current?.focus());
  };
  return (
    <Stack gap="xs" align="flex-start">
      <Text size="sm" fw={600}>
        {t("where.withheld")}
      </Text>
      {look ? (
        <>
          <ReadAt value={look.at}>
            <LocationShown location={look.location} />
          </ReadAt>
          <Group gap="xs">
            <Text size="xs" c="dimmed">
              {t("where.looked", { when: relative(Math.min(0, Math.round((look.at - now) / 1000))) })}
            </Text>
            <Button size="compact-xs" variant="default" leftSection={<IconEyeOff size={14} aria-hidden />} onClick={() => setLook(undefined)}>
              {t("where.hide")}
            </Button>
          </Group>
        </>
      ) : (
        <Text size="xs" c="dimmed">
          {t("where.withheldText")}
        </Text>
      )}
      {may("commands.locate") && (
        <Button ref={button} size="xs" variant="default" leftSection={<IconEye size={16} aria-hidden />} onClick={() => setAsking(true)}>
          {t("where.show")}
        </Button>
      )}
      {asking && (
        <AskDialog
          device={device}
          onClose={close}
          onShown={(location) => {
            setLook({ at: Date.now(), location });
            close();
          }}
        />
      )}
    </Stack>
  );
}

function AskDialog({ device, onClose, onShown }: { device: Device; onClose: () => void; onShown: (location: Schemas["LocationView"] | undefined) => void }) {
  const t = useT(deviceStrings);
  const ui = useT(uiStrings);
  const client = useQueryClient();
  const who = device.owner || t("where.holder");
  const [reason, setReason] = useState("");
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  // Each look is recorded: it is asked for once, never by a cache that reads anew.
  const look = async () => {
    setBusy(true);
    try {
      const { data, error } = await rest.GET("/api/v1/devices/{id}/location", { params: { path: { id: device.id }, query: { reason: reason.trim() } } });
      if (error) throw error;
      onShown(data.location);
      void client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[1] === "/api/v1/devices/{id}/timeline" });
    } catch (error) {
      setProblem(problemOf(error));
    } finally {
      setBusy(false);
    }
  };
  const atField = fieldProblem(problem, "reason", "query.reason");
  return (
    <Modal opened onClose={onClose} title={t("where.askTitle", { who })} closeButtonProps={{ "aria-label": ui("close") }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void look();
        }}
      >
        <Stack gap="md">
          <Text size="sm">{t("where.askText", { who })}</Text>
          <TextInput
            label={t("where.reason")}
            description={t("where.reasonHint")}
            required
            minLength={3}
            maxLength={200}
            value={reason}
            error={atField}
            data-autofocus
            onChange={(event) => setReason(event.currentTarget.value)}
          />
          {problem && !atField && <ProblemAlert error={problem} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {ui("cancel")}
            </Button>
            <Button type="submit" loading={busy}>
              {t("where.show")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
