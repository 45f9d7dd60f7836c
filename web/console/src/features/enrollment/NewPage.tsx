import { SegmentedControl, Stack, Text, useMatches } from "@mantine/core";
import { useT } from "../../i18n/strings";
import { Page } from "../../ui/Page";
import { text, useAddress } from "../../ui/useAddress";
import { Back } from "./Back";
import { DeliveryForm } from "./DeliveryForm";
import { inviteStrings } from "./inviteStrings";
import { PersonForm } from "./PersonForm";
import { PumpForm } from "./PumpForm";

const kinds = ["person", "pump", "delivery"] as const;
const forms = { person: PersonForm, pump: PumpForm, delivery: DeliveryForm };

/** Three ways to invite: a person, one device after the other, a pallet. */
export default function NewPage() {
  const t = useT(inviteStrings);
  const [{ kind }, set] = useAddress((raw) => ({ kind: kinds.find((k) => k === text(raw, "kind")) ?? "pump" }));
  const orientation = useMatches<"vertical" | "horizontal">({ base: "vertical", sm: "horizontal" });
  const Form = forms[kind];
  return (
    <Page title={t("title")} above={<Back />}>
      <Stack gap="xs">
        <SegmentedControl
          aria-label={t("kind")}
          value={kind}
          onChange={(to) => set({ kind: to }, { replace: true })}
          data={kinds.map((value) => ({ value, label: t(`kinds.${value}`) }))}
          orientation={orientation}
          w="fit-content"
          maw="100%"
        />
        <Text size="sm" c="dimmed" maw={720}>
          {t(`kindAbout.${kind}`)}
        </Text>
      </Stack>
      <Form />
    </Page>
  );
}
