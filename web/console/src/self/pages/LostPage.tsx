import { useState } from "react";
import { useSearch } from "wouter";
import type { Client, OwnDevice, OwnLoss } from "../client";
import { signInForLoss, type Who } from "../oneAct";
import { mine, session, useSelf } from "../session";
import { LossReported } from "./LossReported";
import { LossWhat, type Target } from "./LossWhat";
import { LossWho } from "./LossWho";
import { Unsent, type Report } from "./Unsent";

interface Act {
  client: Client;
  end: () => Promise<void>;
  devices: OwnDevice[];
  wards: string[];
}

/** Reads whose it is and what they hold, with a session that can report one loss. */
async function begin(who: Who): Promise<Act> {
  const client = await signInForLoss(who);
  return readAct(client, async () => {
    await client.POST("/api/v1/self/sign-out", {});
  });
}

async function readAct(client: Client, end: () => Promise<void>): Promise<Act> {
  const [devices, me] = await Promise.all([client.GET("/api/v1/self/devices", {}), client.GET("/api/v1/self/me", {})]);
  if (!devices.data) throw devices.error;
  if (!me.data) throw me.error;
  return { client, end, devices: devices.data.items, wards: me.data.wards };
}

async function send({ client }: Act, { id, label, stolen }: Target): Promise<OwnLoss> {
  const answer = id
    ? await client.POST("/api/v1/self/devices/{id}/report-lost", { params: { path: { id } }, body: { stolen } })
    : await client.POST("/api/v1/self/report-lost", { body: { label: label ?? "", stolen } });
  if (!answer.data) throw answer.error;
  return answer.data;
}

/**
 * A phone is gone: who, what, done. On somebody else's phone, with one factor; the
 * session reports one device and ends.
 */
export default function LostPage() {
  const { phase } = useSelf();
  const chosen = new URLSearchParams(useSearch()).get("device") ?? undefined;
  const [act, setAct] = useState<Act>();
  const [done, setDone] = useState<OwnLoss>();
  const [unsent, setUnsent] = useState<Report>();
  const asMe = () => readAct(mine, () => session.signOut());
  if (act && done) return <LossReported client={act.client} end={act.end} first={done} />;
  if (unsent) {
    return (
      <Unsent
        report={unsent}
        send={async ({ who, target }) => {
          const now = await begin(who);
          const only = target.label || target.id ? target : now.devices.length === 1 ? { ...target, id: now.devices[0]?.id } : undefined;
          setAct(now);
          if (only) setDone(await send(now, only));
          setUnsent(undefined);
        }}
        giveUp={() => setUnsent(undefined)}
      />
    );
  }
  if (!act) {
    return <LossWho known={phase === "in" ? asMe : undefined} begin={begin} next={setAct} keep={setUnsent} />;
  }
  return <LossWhat devices={act.devices} wards={act.wards} chosen={chosen} report={async (target) => setDone(await send(act, target))} />;
}
