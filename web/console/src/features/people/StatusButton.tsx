import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { rest } from "../../api/client";
import { useT } from "../../i18n/strings";
import { useMay, useMe } from "../../session/useSession";
import { notifyDone } from "../../ui/notify";
import { ActDialog, answerOf } from "./ActDialog";
import { ifUnchanged, type Person } from "./person";
import { peopleStrings } from "./strings";

/** Disables an account at once, or asks for it to be enabled again. */
export function StatusButton({ person }: { person: Person }) {
  const t = useT(peopleStrings);
  const client = useQueryClient();
  const may = useMay();
  const me = useMe();
  const [open, setOpen] = useState(false);
  if (!may("accounts.manage") || me.id === person.id) return null;
  const { name, disabled } = person;
  const title = t(disabled ? "page.enable" : "page.disable");
  const act = async () => {
    try {
      const after = await answerOf(rest.PATCH("/api/v1/accounts/{id}", { params: ifUnchanged(person), body: { disabled: !disabled } }));
      notifyDone(after.disabled ? t(disabled ? "form.savedWaits" : "page.disabledDone", { name }) : t("form.saved", { name }));
      setOpen(false);
    } finally {
      void client.invalidateQueries(); // also after a conflict: the dialog goes on with what is true now
    }
  };
  return (
    <>
      <Button variant="default" color={disabled ? undefined : "red"} c={disabled ? undefined : "red"} onClick={() => setOpen(true)}>
        {title}
      </Button>
      {open && (
        <ActDialog
          title={`${title}: ${name}`}
          text={t(disabled ? "page.enableText" : "page.disableText", { name })}
          submit={title}
          color={disabled ? undefined : "red"}
          onClose={() => setOpen(false)}
          act={act}
        />
      )}
    </>
  );
}
