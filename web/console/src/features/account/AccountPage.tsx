import { Alert, Badge, Group, Stack } from "@mantine/core";
import { api } from "../../api/client";
import { useT } from "../../i18n/strings";
import { useMe } from "../../session/useSession";
import { Page } from "../../ui/Page";
import { QueryView } from "../../ui/QueryView";
import { useWords } from "../../words/words";
import { Password, Sessions, Tokens } from "./Access";
import { Factors } from "./Factors";
import { Moment } from "./Line";
import { Mail } from "./Mail";
import { accountStrings } from "./strings";

/** Who I am here, how I prove it, and from where I am signed in. */
export default function AccountPage() {
  const t = useT(accountStrings);
  const me = useMe();
  return (
    <Page title={t("title")} about={`${me.name} (${me.username})`}>
      <Stack>
        <Standing />
        <Factors />
        <Mail />
        <Password />
        <Sessions />
        <Tokens />
      </Stack>
    </Page>
  );
}

/** Roles, those that are new, and the founding of the hospital. */
function Standing() {
  const t = useT(accountStrings);
  const say = useWords();
  const me = api.useQuery("get", "/api/v1/auth/me");
  return (
    <QueryView query={me}>
      {(now) => (
        <Stack gap="xs">
          <Group gap="xs" aria-label={t("roles")} role="group">
            {now.roles.map((role) => (
              <Badge key={role} variant="light" tt="none" size="lg">
                {say("role", role)}
              </Badge>
            ))}
          </Group>
          {now.founding && (
            <Alert color="blue" title={t("founding")}>
              {t("foundingText", { left: now.founding_devices_left })} <Moment label="" at={now.founding_ends_at} />
            </Alert>
          )}
          {now.waiting.map((wait) => (
            <Alert key={wait.role} color="orange">
              {t(wait.confirmed ? "waiting" : "waitingUnconfirmed", { role: say("role", wait.role) })} <Moment label="" at={wait.good_from} />
            </Alert>
          ))}
        </Stack>
      )}
    </QueryView>
  );
}
