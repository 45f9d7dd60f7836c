import { Alert, Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { rest, type Schemas } from "../../api/client";
import { fieldProblem, problemOf, type Problem } from "../../api/problem";
import { useT } from "../../i18n/strings";
import { useMe } from "../../session/useSession";
import { notifyDone } from "../../ui/notify";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { uiStrings } from "../../ui/strings";
import { answerOf } from "./ActDialog";
import { ifUnchanged, type Person } from "./person";
import { RightsFields, scopeFrom, valuesFrom, type RightsValues } from "./RightsFields";
import { useScopeWords } from "./ScopeWords";
import { Roles } from "./Standing";
import { peopleStrings } from "./strings";

interface Props {
  person: Person;
  onClose: () => void;
}

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** Only what was changed is sent: nobody takes back what somebody else did meanwhile. */
function changed(person: Person, name: string, rights: RightsValues): Schemas["UpdateAccountInputBody"] {
  const before = valuesFrom(person.roles, person.scope);
  return {
    name: name.trim() === person.name ? undefined : name.trim(),
    roles: same([...rights.roles].sort(), [...before.roles].sort()) ? undefined : (rights.roles as Person["roles"]),
    scope: same(scopeFrom(rights), scopeFrom(before)) ? undefined : scopeFrom(rights),
  };
}

/** Changes name, roles and scope; of oneself, the name. */
export function EditPerson({ person, onClose }: Props) {
  const t = useT(peopleStrings);
  const ui = useT(uiStrings);
  const client = useQueryClient();
  const own = useMe().id === person.id;
  const [opened] = useState(person);
  const [read, setRead] = useState(person);
  const [name, setName] = useState(person.name);
  const [rights, setRights] = useState(() => valuesFrom(person.roles, person.scope));
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  // An account whose first roles still wait has none.
  const noRole = !own && rights.roles.length === 0 && opened.roles.length > 0;
  const stale = problem?.status === 412;
  const save = async () => {
    const body = changed(opened, name, rights);
    if (same(body, {})) return onClose();
    const after = await answerOf(rest.PATCH("/api/v1/accounts/{id}", { params: ifUnchanged(read), body }));
    void client.invalidateQueries();
    // Of what was asked for, what gives rights is not done yet.
    const now = valuesFrom(after.roles, after.scope);
    const rolesDone = !body.roles || same([...now.roles].sort(), [...body.roles].sort());
    const scopeDone = !body.scope || same(scopeFrom(now), body.scope);
    notifyDone(rolesDone && scopeDone ? t("form.saved", { name: after.name }) : t("form.savedWaits"));
    onClose();
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (noRole) return;
    setBusy(true);
    setProblem(undefined);
    try {
      await save();
    } catch (thrown) {
      const said = problemOf(thrown);
      if (said.status === 412) {
        const { data } = await rest.GET("/api/v1/accounts/{id}", { params: { path: { id: person.id } } });
        if (data) setRead(data);
      }
      setProblem(said);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title={own ? t("form.ownTitle") : t("form.editTitle", { name: opened.name })}
      size="lg"
      closeOnClickOutside={false}
      closeButtonProps={{ "aria-label": ui("close") }}
    >
      <form onSubmit={(event) => void submit(event)}>
        <Stack>
          {!own && (
            <Text size="sm" c="dimmed">
              {t("form.editText")}
            </Text>
          )}
          <TextInput
            label={t("form.name")}
            required
            maxLength={200}
            data-autofocus
            autoComplete="off"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            error={fieldProblem(problem, "name")}
          />
          {!own && <RightsFields values={rights} set={(change) => setRights((now) => ({ ...now, ...change }))} problem={problem} tried={tried && noRole} />}
          {stale ? <Meanwhile person={read} sentence={problem.detail} /> : problem && <ProblemAlert error={problem} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {ui("cancel")}
            </Button>
            <Button type="submit" loading={busy}>
              {t(stale ? "form.overwrite" : "form.submit")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

/** Somebody else changed the account while this form was open. */
function Meanwhile({ person, sentence }: { person: Person; sentence: string }) {
  const t = useT(peopleStrings);
  const scope = useScopeWords();
  return (
    <Alert role="alert" color="orange" variant="light" title={sentence}>
      <Text size="sm" fw={600}>
        {t("form.nowTitle")}
      </Text>
      <Text size="sm">{person.name}</Text>
      <Text size="sm">
        <Roles roles={person.roles} />
      </Text>
      <Text size="sm">{scope(person.scope).join(" · ")}</Text>
    </Alert>
  );
}
