import { Paper, Stack } from "@mantine/core";
import { IconUserCheck } from "@tabler/icons-react";
import { api } from "../../api/client";
import { useT } from "../../i18n/strings";
import { Empty } from "../../ui/Empty";
import { Page } from "../../ui/Page";
import { QueryView } from "../../ui/QueryView";
import { Unconfirmed } from "./NewRoles";
import { peopleStrings } from "./strings";

/** For colleagues who may confirm somebody, whether or not they may see all accounts. */
export default function ConfirmPage() {
  const t = useT(peopleStrings);
  const waiting = api.useQuery("get", "/api/v1/vouches");
  return (
    <Page title={t("confirm.title")} about={t("confirm.about")}>
      <QueryView
        query={waiting}
        isEmpty={(page) => page.items.length === 0}
        empty={
          <Empty icon={IconUserCheck} title={t("confirm.empty")}>
            {t("confirm.emptyText")}
          </Empty>
        }
      >
        {(page) => (
          <Stack gap="sm">
            {page.items.map((person) => (
              <Paper key={person.id} withBorder p="md" radius="md" role="group" aria-label={person.name}>
                <Unconfirmed person={person} />
              </Paper>
            ))}
          </Stack>
        )}
      </QueryView>
    </Page>
  );
}
