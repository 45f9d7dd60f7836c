import { Alert, Button, Group, Paper, Stack, Text, Textarea } from "@mantine/core";
import { IconHourglass } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { rest, type Schemas } from "../../api/client";
import { useT } from "../../i18n/strings";
import { useMay, useMe } from "../../session/useSession";
import { later } from "../../ui/later";
import { notifyDone } from "../../ui/notify";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { RouteLink } from "../../ui/RouteLink";
import { Time } from "../../ui/Time";
import { useNow } from "../../ui/useNow";
import { useWords } from "../../words/words";
import { Part } from "../account/Line";
import { ActDialog, answerOf } from "./ActDialog";
import { isOver, type Change } from "./person";
import { useScopeWords } from "./ScopeWords";
import { peopleStrings } from "./strings";

const ProofDialog = later(() => import("./ProofDialog").then((module) => module.ProofDialog));

interface Props {
  query: { data: Schemas["PageAccountChangeView"] | undefined; error: unknown; refetch: () => unknown };
}

/** The changes of rights that wait for a second person; nothing when none does. */
export function Changes({ query }: Props) {
  const t = useT(peopleStrings);
  const now = useNow();
  const waiting = query.data?.items.filter((one) => one.state === "pending" && !isOver(one, now)) ?? [];
  if (query.error) return <ProblemAlert reading error={query.error} retry={() => void query.refetch()} />;
  if (waiting.length === 0) return null;
  return (
    <Part title={t("changes")} about={t("changesAbout")}>
      <Stack gap="sm">
        {waiting.map((one) => (
          <WaitingChange key={one.id} change={one} />
        ))}
      </Stack>
    </Part>
  );
}

/** One change, with the buttons of those who may decide it. */
export function WaitingChange({ change }: { change: Change }) {
  const t = useT(peopleStrings);
  const me = useMe();
  const may = useMay();
  const [open, setOpen] = useState<"approve" | "deny">();
  const mine = change.asked_by === me.username;
  return (
    <Paper withBorder p="sm" radius="sm" role="group" aria-label={change.username}>
      <Group justify="space-between" align="flex-start">
        <div>
          <Group gap={6}>
            <IconHourglass size={16} aria-hidden />
            <RouteLink to={`/people/${change.account_id}`} fw={600}>
              {change.username}
            </RouteLink>
          </Group>
          <WhatChanges change={change} />
          <Text size="sm" c="dimmed">
            {t("change.asked", { who: change.asked_by })} <Time at={change.created_at} /> · {t("change.ends")} <Time at={change.expires_at} as="clock" />
          </Text>
          {!change.may_decide && (
            <Text size="sm" c="dimmed">
              {t(mine && may("accounts.manage") ? "change.mine" : "change.notYou")}
            </Text>
          )}
        </div>
        <Group gap="xs">
          {(mine || change.may_decide) && (
            <Button size="xs" variant="default" onClick={() => setOpen("deny")}>
              {t(mine ? "change.withdraw" : "change.deny")}
            </Button>
          )}
          {change.may_decide && (
            <Button size="xs" onClick={() => setOpen("approve")}>
              {t("change.approve")}
            </Button>
          )}
        </Group>
      </Group>
      {open === "approve" && <Approve change={change} onClose={() => setOpen(undefined)} />}
      {open === "deny" && <Deny change={change} mine={mine} onClose={() => setOpen(undefined)} />}
    </Paper>
  );
}

/** Roles and scope before and after, in words. */
export function WhatChanges({ change }: { change: Change }) {
  const t = useT(peopleStrings);
  const say = useWords();
  const scope = useScopeWords();
  const words = (roles: readonly string[]) => roles.map((role) => say("role", role)).join(", ");
  const { before, after } = change;
  return (
    <Text component="div" size="sm">
      {before.disabled && !after.disabled && <div>{t("change.enable")}</div>}
      <div>
        {before.roles.length > 0 && words(before.roles) !== words(after.roles)
          ? t("change.getsFrom", { roles: words(after.roles), before: words(before.roles) })
          : t("change.gets", { roles: words(after.roles) })}
      </div>
      <div>{t("change.scope", { scope: scope(after.scope).join(" · ") })}</div>
    </Text>
  );
}

function Approve({ change, onClose }: { change: Change; onClose: () => void }) {
  const t = useT(peopleStrings);
  const client = useQueryClient();
  return (
    <ProofDialog
      title={t("change.approveTitle", { name: change.username })}
      submit={t("change.approve")}
      subject={{ account_change: change.id }}
      onClose={onClose}
      act={async (body) => {
        await answerOf(rest.POST("/api/v1/account-changes/{id}/approve", { params: { path: { id: change.id } }, body }));
        void client.invalidateQueries();
        notifyDone(t("change.approved", { name: change.username }));
        onClose();
      }}
    >
      <Alert color="blue" variant="light">
        <WhatChanges change={change} />
      </Alert>
      <Text size="sm">{t("change.approveText")}</Text>
    </ProofDialog>
  );
}

function Deny({ change, mine, onClose }: { change: Change; mine: boolean; onClose: () => void }) {
  const t = useT(peopleStrings);
  const client = useQueryClient();
  const [reason, setReason] = useState("");
  return (
    <ActDialog
      title={t(mine ? "change.withdrawTitle" : "change.denyTitle", { name: change.username })}
      text={<WhatChanges change={change} />}
      submit={t(mine ? "change.withdraw" : "change.deny")}
      onClose={onClose}
      act={async () => {
        await answerOf(rest.POST("/api/v1/account-changes/{id}/deny", { params: { path: { id: change.id } }, body: { reason: reason.trim() } }));
        void client.invalidateQueries();
        notifyDone(t("change.denied", { name: change.username }));
        onClose();
      }}
    >
      <Textarea
        label={t("change.reason")}
        required
        data-autofocus
        autosize
        minRows={2}
        minLength={3}
        maxLength={500}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
    </ActDialog>
  );
}
