import { Button, Group, Modal, MultiSelect, Select, Stack, Text, TextInput } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { api, type Schemas } from "../../api/client";
import { fieldProblem, problemOf } from "../../api/problem";
import { useT } from "../../i18n/strings";
import type { Permission } from "../../session/session";
import { useMe } from "../../session/useSession";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { SecretOnce } from "../../ui/SecretOnce";
import { Time } from "../../ui/Time";
import { uiStrings } from "../../ui/strings";
import { useWords, valuesOf } from "../../words/words";
import { usePlaces } from "../devices/usePlaces";
import { permissionStrings } from "./permissionWords";
import { accountStrings } from "./strings";

type Body = Schemas["CreateTokenInputBody"];

const lives = [7, 30, 90, 180, 365];

/** The rights with which a token orders something: of these, it needs to know which kinds. */
function orders(permission: string): boolean {
  return permission.startsWith("commands.") && !["commands.read", "commands.cancel", "commands.batch"].includes(permission);
}

/** Makes an API token for a program, and shows it once. */
export function NewToken({ onClose, onMade }: { onClose: () => void; onMade: () => void }) {
  const t = useT(accountStrings);
  const ui = useT(uiStrings);
  const create = api.useMutation("post", "/api/v1/tokens", { onSuccess: onMade });
  const [sent, setSent] = useState(false);
  const [body, setBody] = useState<Body>({ name: "", permissions: [], expires_in_days: 90 });
  const problem = create.error ? problemOf(create.error) : undefined;
  const set = (change: Partial<Body>) => setBody((now) => ({ ...now, ...change }));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setSent(true);
    if (!body.permissions?.length) return;
    const kinds = body.permissions.some(orders) ? body.kinds : undefined;
    create.mutate({ body: { ...body, name: body.name.trim(), kinds } });
  };
  if (create.data) {
    return (
      <Modal opened onClose={onClose} title={t("token.madeTitle", { name: create.data.name })} closeOnClickOutside={false} withCloseButton={false} size="lg">
        <Stack>
          <SecretOnce label={t("token.value")} value={create.data.token}>
            {t("token.use")} {t("tokenEnds")} <Time at={create.data.expires_at} as="clock" />
          </SecretOnce>
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t("token.done")}
            </Button>
          </Group>
        </Stack>
      </Modal>
    );
  }
  return (
    <Modal opened onClose={onClose} title={t("token.title")} size="lg" closeOnClickOutside={false} closeButtonProps={{ "aria-label": ui("close") }}>
      <form onSubmit={submit}>
        <Stack>
          <TextInput
            label={t("token.name")}
            description={t("token.nameHint")}
            required
            data-autofocus
            maxLength={100}
            autoComplete="off"
            value={body.name}
            onChange={(event) => set({ name: event.currentTarget.value })}
            error={fieldProblem(problem, "name")}
          />
          <Rights body={body} set={set} missing={sent && !body.permissions?.length} />
          <Select
            label={t("token.life")}
            data={lives.map((days) => ({ value: String(days), label: t("token.days", { count: days }) }))}
            value={String(body.expires_in_days)}
            onChange={(days) => set({ expires_in_days: Number(days) })}
            allowDeselect={false}
          />
          {problem && <ProblemAlert error={problem} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {ui("cancel")}
            </Button>
            <Button type="submit" loading={create.isPending}>
              {t("token.submit")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function Rights({ body, set, missing }: { body: Body; set: (change: Partial<Body>) => void; missing: boolean }) {
  const t = useT(accountStrings);
  const word = useT(permissionStrings);
  const say = useWords();
  const me = useMe();
  const places = usePlaces();
  const words = (permission: Permission) => {
    const key = permission.replace(".", "_") as Parameters<typeof word>[0];
    return key in permissionStrings.en ? word(key) : permission; // a newer server's
  };
  return (
    <>
      <MultiSelect
        label={t("token.rights")}
        description={t("token.rightsHint")}
        required
        withAsterisk
        searchable
        data={me.token_permissions.map((value) => ({ value, label: words(value) }))}
        value={body.permissions ?? []}
        onChange={(permissions) => set({ permissions: permissions as Permission[] })}
        error={missing ? t("token.rightsMissing") : undefined}
      />
      {body.permissions?.some(orders) && (
        <MultiSelect
          label={t("token.kinds")}
          description={t("token.kindsHint")}
          searchable
          data={valuesOf("kind").map((value) => ({ value, label: say("kind", value) }))}
          value={body.kinds ?? []}
          onChange={(kinds) => set({ kinds: kinds as Body["kinds"] })}
        />
      )}
      <MultiSelect
        label={t("token.sites")}
        placeholder={body.sites?.length ? undefined : t("token.allSites")}
        data={places.data?.filter((place) => place.kind === "site").map((place) => ({ value: place.id, label: place.words })) ?? []}
        value={body.sites ?? []}
        onChange={(sites) => set({ sites })}
      />
      <MultiSelect
        label={t("token.classes")}
        placeholder={body.classes?.length ? undefined : t("token.allClasses")}
        data={valuesOf("class").map((value) => ({ value, label: say("class", value) }))}
        value={body.classes ?? []}
        onChange={(classes) => set({ classes: classes as Body["classes"] })}
      />
      <Text size="sm" c="dimmed">
        {t("token.never")}
      </Text>
    </>
  );
}
