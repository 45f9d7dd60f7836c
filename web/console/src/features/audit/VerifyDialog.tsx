import { Alert, Button, Code, CopyButton, Fieldset, Group, Modal, NumberInput, Stack, Text, TextInput } from "@mantine/core";
import { IconAlertTriangle, IconShieldCheck } from "@tabler/icons-react";
import { useState } from "react";
import { api, type Schemas } from "../../api/client";
import { fieldProblem, problemOf } from "../../api/problem";
import { useT } from "../../i18n/strings";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { Time } from "../../ui/Time";
import { auditStrings } from "./strings";
import { uiStrings } from "../../ui/strings";

/** What the check of the chain asks for, and what came of it: it stays after a look elsewhere. */
export function VerifyDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const t = useT(auditStrings);
  const ui = useT(uiStrings);
  const [seq, setSeq] = useState<number | string>("");
  const [hash, setHash] = useState("");
  const verify = api.useMutation("post", "/api/v1/audit/verify");
  const heads = api.useQuery("get", "/api/v1/audit/heads", { params: { query: { limit: 1 } } }, { enabled: opened });
  const newest = heads.data?.items[0];
  const signed = hash.includes(".") ? hash.trim() : undefined;
  const outside = !signed && hash.trim() && seq !== "" ? { seq: Number(seq), hash: hash.trim() } : undefined;
  const problem = verify.error ? problemOf(verify.error) : undefined;
  return (
    <Modal closeButtonProps={{ "aria-label": ui("close") }} opened={opened} onClose={onClose} size="lg" title={t("verify.action")}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          verify.mutate({ body: signed ? { signed } : outside ? { outside } : {} });
        }}
      >
        <Stack>
          <Text size="sm">{t("verify.about")}</Text>
          <Fieldset legend={t("verify.outside")}>
            <Text size="sm" c="dimmed" mb="xs">
              {t("verify.outsideHint")}
            </Text>
            <Group align="flex-start" wrap="nowrap">
              <NumberInput label={t("verify.seq")} min={1} allowDecimal={false} hideControls value={seq} onChange={setSeq} w={120} />
              <TextInput label={t("verify.hash")} maxLength={16384} flex={1} value={hash} onChange={(event) => setHash(event.currentTarget.value)} error={fieldProblem(problem, "outside.hash", "hash", "signed")} />
            </Group>
          </Fieldset>
          {newest && (
            <Group justify="space-between" wrap="nowrap">
              <Text size="sm">
                {t("verify.newest", { seq: newest.seq })} <Time at={newest.at} />
              </Text>
              <CopyButton value={newest.signed}>
                {({ copied, copy }) => (
                  <Button variant="default" size="xs" onClick={copy}>
                    {t(copied ? "verify.copied" : "verify.copy")}
                  </Button>
                )}
              </CopyButton>
            </Group>
          )}
          {verify.error && <ProblemAlert error={verify.error} />}
          {verify.data && <Result result={verify.data} outside={verify.variables?.body?.outside !== undefined || verify.variables?.body?.signed !== undefined} />}
          <Group justify="flex-end">
            <Button type="submit" loading={verify.isPending}>
              {t("verify.start")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function Result({ result: r, outside }: { result: Schemas["VerifyView"]; outside: boolean }) {
  const t = useT(auditStrings);
  if (!r.whole) {
    return (
      <Alert color="red" icon={<IconAlertTriangle aria-hidden />} title={r.broken_at ? t("verify.broken", { seq: r.broken_at }) : t("verify.brokenOutside")}>
        {r.what}
      </Alert>
    );
  }
  return (
    <Alert color="green" icon={<IconShieldCheck aria-hidden />} title={t("verify.whole", { seq: r.head.seq })}>
      <Text size="sm">{t(outside ? "verify.withOutside" : "verify.noEnd")}</Text>
      <Code block mt="xs" style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>{t("verify.head", { seq: r.head.seq, hash: r.head.hash })}</Code>
    </Alert>
  );
}
