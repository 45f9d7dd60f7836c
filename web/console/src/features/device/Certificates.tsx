import { Badge, Group, Paper, Stack, Text } from "@mantine/core";
import { IconCertificate } from "@tabler/icons-react";
import { api, type Schemas } from "../../api/client";
import { dateTime, day, number } from "../../i18n/format";
import { useT } from "../../i18n/strings";
import { Empty } from "../../ui/Empty";
import { QueryView } from "../../ui/QueryView";
import { useWords } from "../../words/words";
import { CopyText } from "./CopyText";
import { Fact, Facts } from "./Facts";
import { tabStrings } from "./tabStrings";
import type { Device } from "./useDevice";

type Certificate = Schemas["HeldCertificateView"];

const colours: Record<string, string> = { active: "green", contained: "red", revoked: "red", expired: "gray", superseded: "gray" };

/** The certificates that the device was given, newest first, and what became of them. */
export function Certificates({ device }: { device: Device }) {
  const t = useT(tabStrings);
  const query = api.useQuery("get", "/api/v1/devices/{id}/certificates", { params: { path: { id: device.id } } });
  return (
    <QueryView
      query={query}
      isEmpty={({ items }) => items.length === 0}
      empty={<Empty icon={IconCertificate} title={t("certificates.none")}>{t("certificates.noneText")}</Empty>}
    >
      {({ items }) => (
        <Stack component="ul" gap="md" p={0} m={0} style={{ listStyle: "none" }} aria-label={t("certificates.caption")}>
          {items.map((certificate) => (
            <Paper component="li" withBorder p="md" key={certificate.serial}>
              <One certificate={certificate} />
            </Paper>
          ))}
        </Stack>
      )}
    </QueryView>
  );
}

function One({ certificate: c }: { certificate: Certificate }) {
  const t = useT(tabStrings);
  const say = useWords();
  const story = storyOf(c, t);
  return (
    <>
      <Group gap="xs" mb="sm">
        <Badge variant="light" color={colours[c.status] ?? "gray"} tt="none">
          {say("certificateStatus", c.status)}
        </Badge>
        {c.current && (
          <Badge variant="outline" color="gray" tt="none">
            {t("certificates.current")}
          </Badge>
        )}
      </Group>
      <Facts>
        <Fact label={t("certificates.left")}>{c.days_left < 0 ? t("certificates.over") : number(c.days_left)}</Fact>
        <Fact label={t("certificates.valid")}>{`${day(c.not_before)} – ${dateTime(c.not_after)}`}</Fact>
        <Fact label={t("certificates.firstUsed")} unknown={t("certificates.never")}>
          {c.first_used_at && dateTime(c.first_used_at)}
        </Fact>
        {story.length > 0 && (
          <Fact label={t("certificates.story")}>
            {story.map((line) => (
              <Text size="sm" key={line}>
                {line}
              </Text>
            ))}
          </Fact>
        )}
        <Fact label={t("certificates.fingerprint")}>
          <CopyText what={t("certificates.fingerprint")} text={c.fingerprint} mono />
        </Fact>
        <Fact label={t("certificates.serial")}>
          <CopyText what={t("certificates.serial")} text={c.serial} mono />
        </Fact>
      </Facts>
    </>
  );
}

function storyOf(c: Certificate, t: ReturnType<typeof useT<(typeof tabStrings)["en"]>>): string[] {
  const story: string[] = [];
  if (c.superseded_at) story.push(t("certificates.replaced", { when: dateTime(c.superseded_at) }));
  if (c.revoked_at) {
    const told = { when: dateTime(c.revoked_at), why: c.reason };
    story.push(c.status === "contained" ? t("certificates.held", told) : t("certificates.revoked", told));
  }
  return story;
}
