import { Button, Stack, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { rest } from "../../api/client";
import { useT } from "../../i18n/strings";
import { useMay, useMe } from "../../session/useSession";
import { notifyDone } from "../../ui/notify";
import { Line, Moment, Part } from "../account/Line";
import { ActDialog, answerOf } from "./ActDialog";
import type { Person } from "./person";
import { SetupLink, type Link } from "./SetupLink";
import { peopleStrings } from "./strings";

/** How the person signs in, and what an administrator can do when they cannot. */
export function SignIn({ person }: { person: Person }) {
  const t = useT(peopleStrings);
  const may = useMay();
  const me = useMe();
  const [open, setOpen] = useState<"link" | "reset">();
  const [link, setLink] = useState<Link>();
  const manages = may("accounts.manage") && me.id !== person.id;
  return (
    <Part title={t("page.access")}>
      <Line
        name={t("page.password")}
        actions={
          manages && (
            <Button size="xs" variant="default" onClick={() => setOpen("link")}>
              {t("page.newLink")}
            </Button>
          )
        }
      >
        {t(person.has_password ? "page.passwordSet" : "page.passwordNone")}
      </Line>
      <Line
        name={t("factor")}
        actions={
          manages &&
          person.has_second_factor && (
            <Button size="xs" variant="default" onClick={() => setOpen("reset")}>
              {t("page.resetFactors")}
            </Button>
          )
        }
      >
        {t(person.has_second_factor ? "page.factorSet" : "page.factorNone")}
      </Line>
      <Text size="sm" c="dimmed">
        <Moment label={t("page.lastSignIn")} at={person.last_sign_in_at} /> · <Moment label={t("page.created")} at={person.created_at} />
      </Text>
      {open === "link" && <NewLink person={person} onClose={() => setOpen(undefined)} onMade={setLink} />}
      {open === "reset" && <Reset person={person} onClose={() => setOpen(undefined)} />}
      {link && <SetupLink name={person.name} link={link} onClose={() => setLink(undefined)} />}
    </Part>
  );
}

function NewLink({ person, onClose, onMade }: { person: Person; onClose: () => void; onMade: (link: Link) => void }) {
  const t = useT(peopleStrings);
  return (
    <ActDialog
      title={t("link.title", { name: person.name })}
      text={t("page.linkText", { name: person.name })}
      submit={t("page.linkSubmit")}
      onClose={onClose}
      act={async () => {
        const made = await answerOf(rest.POST("/api/v1/accounts/{id}/setup-link", { params: { path: { id: person.id } } }));
        onClose();
        onMade({ token: made.setup_token, endsAt: made.setup_ends_at });
      }}
    />
  );
}

function Reset({ person, onClose }: { person: Person; onClose: () => void }) {
  const t = useT(peopleStrings);
  const client = useQueryClient();
  const { name } = person;
  return (
    <ActDialog
      title={`${t("page.resetFactors")}: ${name}`}
      text={
        <Stack gap="xs">
          <span>{t("page.resetText", { name })}</span>
          <span>{t("page.resetThen", { name })}</span>
        </Stack>
      }
      submit={t("page.resetFactors")}
      color="red"
      onClose={onClose}
      act={async () => {
        await answerOf(rest.POST("/api/v1/accounts/{id}/reset-totp", { params: { path: { id: person.id } } }));
        void client.invalidateQueries();
        notifyDone(t("page.resetDone", { name }));
        onClose();
      }}
    />
  );
}
