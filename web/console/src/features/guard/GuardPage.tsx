import { Button } from "@mantine/core";
import { IconHandStop } from "@tabler/icons-react";
import { useState } from "react";
import { useT } from "../../i18n/strings";
import { useMay } from "../../session/useSession";
import { Page } from "../../ui/Page";
import { FreezeDialog } from "./dialogs";
import { Freezes } from "./Freezes";
import { Limits } from "./Limits";
import { guardStrings } from "./strings";

/** What may leave in which time, and the button that stops everything that destroys. */
export default function GuardPage() {
  const t = useT(guardStrings);
  const may = useMay();
  const [freezing, setFreezing] = useState(false);
  return (
    <Page
      title={t("title")}
      about={t("about")}
      actions={
        may("freeze.set") && (
          <Button color="red" leftSection={<IconHandStop size={16} aria-hidden />} onClick={() => setFreezing(true)}>
            {t("stop")}
          </Button>
        )
      }
    >
      <Freezes />
      <Limits />
      {freezing && <FreezeDialog onClose={() => setFreezing(false)} />}
    </Page>
  );
}
