import { Button } from "@mantine/core";
import { IconShieldCheck } from "@tabler/icons-react";
import { useState } from "react";
import { useT } from "../../i18n/strings";
import { later } from "../../ui/later";
import { auditStrings } from "./strings";

const VerifyDialog = later(() => import("./VerifyDialog").then((module) => module.VerifyDialog));

/** Has the chain walked, and says what that proves and what it does not. */
export function VerifyButton() {
  const t = useT(auditStrings);
  const [opened, setOpened] = useState<boolean>();
  return (
    <>
      <Button variant="default" leftSection={<IconShieldCheck size={16} aria-hidden />} onClick={() => setOpened(true)}>
        {t("verify.action")}
      </Button>
      {opened !== undefined && <VerifyDialog opened={opened} onClose={() => setOpened(false)} />}
    </>
  );
}
