import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import { IconClock, IconUserQuestion } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { rest } from "../../api/client";
import { useT } from "../../i18n/strings";
import { useMay, useMe } from "../../session/useSession";
import { later } from "../../ui/later";
import { notifyDone } from "../../ui/notify";
import { Time } from "../../ui/Time";
import { useNow } from "../../ui/useNow";
import { useWords } from "../../words/words";
import { answerOf } from "./ActDialog";
import { newRoles, type Person } from "./person";
import { peopleStrings } from "./strings";

const ProofDialog = later(() => import("./ProofDialog").then((module) => module.ProofDialog));

/** The roles that destroy nothing yet, and who can help. */
export function NewRoles({ person }: { person: Person }) {
  const t = useT(peopleStrings);
  const say = useWords();
  const now = useNow();
  const { unconfirmed, cooling } = newRoles(person, now);
  if (person.disabled) return null;
  return (
    <>
      {unconfirmed.map((one) => (
        <Alert key={one.role} color="orange" variant="light" icon={<IconUserQuestion aria-hidden />} title={t("confirm.waiting", { role: say("role", one.role) })}>
          <Stack gap="xs" align="flex-start">
            <Text size="sm">
              {t("confirm.waitingText", { name: person.name })} {one.not_before && <Time at={one.not_before} as="clock" />}
            </Text>
            <Text size="sm">{t("confirm.who", { name: person.name })}</Text>
            <ConfirmButton person={person} />
          </Stack>
        </Alert>
      ))}
      {cooling.map((one) => (
        <Alert key={one.role} color="yellow" variant="light" icon={<IconClock aria-hidden />} title={t("confirm.cooling", { role: say("role", one.role) })}>
          <Text size="sm">
            {t("confirm.coolingText")} <Time at={one.good_from} as="clock" />
          </Text>
        </Alert>
      ))}
    </>
  );
}

/** The button of those who may confirm, or the reason why they may not. */
export function ConfirmButton({ person }: { person: Person }) {
  const t = useT(peopleStrings);
  const say = useWords();
  const client = useQueryClient();
  const may = useMay();
  const me = useMe();
  const [open, setOpen] = useState(false);
  if (!may("accounts.vouch")) return null;
  const others = person.new_roles.filter((one) => !one.confirmed_by && (one.given_by !== me.id || me.founding));
  const because = me.id === person.id ? t("confirm.own") : !person.has_second_factor ? t("confirm.noFactor") : others.length === 0 ? t("confirm.gaveIt") : undefined;
  if (because) return <Text size="sm">{because}</Text>;
  return (
    <>
      <Button size="xs" onClick={() => setOpen(true)}>
        {t("confirm.button")}
      </Button>
      {open && (
        <ProofDialog
          title={t("confirm.dialogTitle", { name: person.name })}
          submit={t("confirm.button")}
          subject={{ vouch: person.id }}
          onClose={() => setOpen(false)}
          act={async (body) => {
            await answerOf(rest.POST("/api/v1/accounts/{id}/vouch", { params: { path: { id: person.id } }, body }));
            void client.invalidateQueries();
            notifyDone(t("confirm.done", { name: person.name }));
            setOpen(false);
          }}
        >
          <Text size="sm">{t("confirm.dialogText", { name: `${person.name} (${person.username})`, roles: others.map((one) => say("role", one.role)).join(", ") })}</Text>
        </ProofDialog>
      )}
    </>
  );
}

/** A person in the list of those who wait to be confirmed. */
export function Unconfirmed({ person }: { person: Person }) {
  const t = useT(peopleStrings);
  const say = useWords();
  return (
    <Group justify="space-between" align="flex-start">
      <div>
        <Text fw={600}>
          {person.name}{" "}
          <Text span c="dimmed" fw={400}>
            {person.username}
          </Text>
        </Text>
        {person.new_roles
          .filter((one) => !one.confirmed_by)
          .map((one) => (
            <Text key={one.role} size="sm" c="dimmed">
              {t("confirm.given", { role: say("role", one.role) })} <Time at={one.since} as="clock" />
            </Text>
          ))}
      </div>
      <ConfirmButton person={person} />
    </Group>
  );
}
