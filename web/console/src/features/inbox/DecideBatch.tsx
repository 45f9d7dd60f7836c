import { rest, type Schemas } from "../../api/client";
import { useT } from "../../i18n/strings";
import { useWords } from "../../words/words";
import { Decide } from "./Decide";
import { inboxStrings } from "./strings";

/** Yes or no to all orders of a batch together. */
export function DecideBatch({ batch }: { batch: Schemas["BatchView"] }) {
  const t = useT(inboxStrings);
  const say = useWords();
  return (
    <Decide
      approveLabel={t("approveBatch", { kind: say("kind", batch.kind), count: batch.counts.awaiting_approval ?? 0 })}
      destructive={batch.weight === "destructive"}
      hash={batch.orders_hash}
      approve={async (header) => {
        const { error } = await rest.POST("/api/v1/batches/{id}/approve", { params: { path: { id: batch.id }, header }, body: { orders_hash: batch.orders_hash } });
        if (error) throw error;
      }}
      deny={async (reason) => {
        const { error } = await rest.POST("/api/v1/batches/{id}/deny", { params: { path: { id: batch.id } }, body: { reason } });
        if (error) throw error;
      }}
    />
  );
}
