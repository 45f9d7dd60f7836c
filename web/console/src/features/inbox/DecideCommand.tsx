import { api, rest } from "../../api/client";
import { useT } from "../../i18n/strings";
import { useMay, useMe } from "../../session/useSession";
import { useWords } from "../../words/words";
import type { Command } from "../commands/useCommand";
import { Decide } from "./Decide";
import { inboxStrings } from "./strings";

/** Approve or deny one command, for those who may decide it; nothing for the others. */
export function DecideCommand({ command }: { command: Command }) {
  const may = useMay();
  const me = useMe();
  const open = command.state === "awaiting_approval" && may("commands.approve") && command.requester_id !== me.id;
  // Whether I may decide is the server's to say: it is in my inbox or not.
  const inbox = api.useQuery("get", "/api/v1/commands", { params: { query: { inbox: true, device_id: command.device_id, limit: 50 } } }, { enabled: open });
  if (!open || !inbox.data?.items.some((one) => one.id === command.id)) return null;
  return <DecideShown command={command} />;
}

export function DecideShown({ command }: { command: Command }) {
  const t = useT(inboxStrings);
  const say = useWords();
  const path = { id: command.id };
  return (
    <Decide
      approveLabel={t("approve", { kind: say("kind", command.kind), device: command.device.serial })}
      destructive={command.weight === "destructive"}
      hash={command.order_hash}
      subject={{ device_id: command.device_id }}
      approve={async (header) => {
        const { error } = await rest.POST("/api/v1/commands/{id}/approve", { params: { path, header }, body: { order_hash: command.order_hash } });
        if (error) throw error;
      }}
      deny={async (reason) => {
        const { error } = await rest.POST("/api/v1/commands/{id}/deny", { params: { path }, body: { reason } });
        if (error) throw error;
      }}
    />
  );
}
