import { Progress, Stack, Text } from "@mantine/core";
import type { Schemas } from "../../api/client";
import { useT } from "../../i18n/strings";
import { commandsStrings } from "./strings";

/** How far a batch has come, as a bar and in words: the bar alone says nothing to those who do not see it. */
export function BatchProgress({ progress, wide = false }: { progress: Omit<Schemas["BatchProgress"], "by_state">; wide?: boolean }) {
  const t = useT(commandsStrings);
  const { devices, done, waiting, failed, not_asked: notAsked } = progress;
  const part = (count: number) => (devices === 0 ? 0 : (count / devices) * 100);
  const words = [
    t("batches.progress", { done, all: devices }),
    waiting > 0 && t("batches.waiting", { count: waiting }),
    failed > 0 && t("batches.failed", { count: failed }),
    notAsked > 0 && t("batches.notAsked", { count: notAsked }),
  ].filter(Boolean);
  return (
    <Stack gap={4} miw={180} maw={wide ? undefined : 320}>
      <Progress.Root size={wide ? "lg" : "sm"} aria-hidden>
        <Progress.Section value={part(done)} color="green" />
        <Progress.Section value={part(failed)} color="red" />
        <Progress.Section value={part(notAsked)} color="orange" />
        <Progress.Section value={part(waiting)} color="blue" striped />
      </Progress.Root>
      <Text size={wide ? "sm" : "xs"}>{words.join(", ")}</Text>
    </Stack>
  );
}
