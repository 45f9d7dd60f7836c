import { Button, Paper, Stack, Text, TextInput } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { api } from "../../api/client";
import { shortTime } from "../../i18n/format";
import { useT } from "../../i18n/strings";
import { Page } from "../../ui/Page";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { lossCodeStrings } from "./strings";

/** The help desk makes a code and reads it out to somebody whose phone is gone. */
export default function LossCodePage() {
  const t = useT(lossCodeStrings);
  const [username, setUsername] = useState("");
  const make = api.useMutation("post", "/api/v1/loss-codes");
  const settings = api.useQuery("get", "/api/v1/settings", {}, { meta: { live: false } });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate({ body: { username: username.trim() } });
  };
  return (
    <Page title={t("title")} about={t("about")}>
      {make.data ? (
        <Paper withBorder p="lg" radius="md" maw={520} role="status">
          <Stack>
            <Text fw={600}>{t("code", { name: make.data.name || make.data.username })}</Text>
            <Text ff="monospace" fz={32} lh={1.2} style={{ letterSpacing: "0.08em" }}>
              {make.data.code}
            </Text>
            <Text>{t("until", { time: shortTime(make.data.expires_at) })}</Text>
            {settings.data?.public_url && <Text>{t("address", { url: `${settings.data.public_url}/self` })}</Text>}
            <Button
              variant="default"
              onClick={() => {
                make.reset();
                setUsername("");
              }}
            >
              {t("another")}
            </Button>
          </Stack>
        </Paper>
      ) : (
        <form onSubmit={submit}>
          <Stack maw={520}>
            {make.error && <ProblemAlert error={make.error} />}
            <TextInput label={t("username")} value={username} onChange={(event) => setUsername(event.currentTarget.value)} required maxLength={200} autoComplete="off" autoCapitalize="none" spellCheck={false} autoFocus />
            <div>
              <Button type="submit" loading={make.isPending}>
                {t("make")}
              </Button>
            </div>
          </Stack>
        </form>
      )}
    </Page>
  );
}
