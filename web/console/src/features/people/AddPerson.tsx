import { Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { api, type Schemas } from "../../api/client";
import { fieldProblem, problemOf } from "../../api/problem";
import { useT } from "../../i18n/strings";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { uiStrings } from "../../ui/strings";
import { RightsFields, scopeFrom, valuesFrom } from "./RightsFields";
import { SetupLink } from "./SetupLink";
import { peopleStrings } from "./strings";

/** Makes an account, then shows the link with which its person chooses a password. */
export function AddPerson({ onClose }: { onClose: () => void }) {
  const t = useT(peopleStrings);
  const ui = useT(uiStrings);
  const client = useQueryClient();
  const [username, setUsername] = useState("");
  const [name, setName] = useState("");
  const [rights, setRights] = useState(() => valuesFrom([], {}));
  const [tried, setTried] = useState(false);
  const create = api.useMutation("post", "/api/v1/accounts", { onSuccess: () => void client.invalidateQueries() });
  const problem = create.error ? problemOf(create.error) : undefined;
  if (create.data) {
    const made = create.data;
    return <SetupLink name={made.name} link={{ token: made.setup_token, endsAt: made.setup_ends_at }} personID={made.id} onClose={onClose} />;
  }
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (rights.roles.length === 0) return;
    create.mutate({ body: { username: username.trim(), name: name.trim(), roles: rights.roles as Schemas["AccountView"]["roles"], scope: scopeFrom(rights) } });
  };
  return (
    <Modal opened onClose={onClose} title={t("form.addTitle")} size="lg" closeOnClickOutside={false} closeButtonProps={{ "aria-label": ui("close") }}>
      <form onSubmit={submit}>
        <Stack>
          <Text size="sm" c="dimmed">
            {t("form.addText")}
          </Text>
          <TextInput
            label={t("form.username")}
            description={t("form.usernameHint")}
            required
            data-autofocus
            maxLength={64}
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            value={username}
            onChange={(event) => setUsername(event.currentTarget.value)}
            error={fieldProblem(problem, "username")}
          />
          <TextInput
            label={t("form.name")}
            required
            maxLength={200}
            autoComplete="off"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            error={fieldProblem(problem, "name")}
          />
          <RightsFields values={rights} set={(change) => setRights((now) => ({ ...now, ...change }))} problem={problem} tried={tried} />
          {problem && <ProblemAlert error={problem} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {ui("cancel")}
            </Button>
            <Button type="submit" loading={create.isPending}>
              {t("form.addSubmit")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
