import { Badge, Button, Group, Paper, Select, Stack, Text, Title } from "@mantine/core";
import { api, type Schemas } from "../../api/client";
import { useT } from "../../i18n/strings";
import { QueryView } from "../../ui/QueryView";
import { Time } from "../../ui/Time";
import { DiffTable } from "./DiffTable";
import type { Content, Document } from "./kinds";
import { configurationsStrings } from "./strings";

type Version = Schemas["VersionView"];

interface Props {
  document: Document;
  /** The two versions that are compared; the newest and the one before when not said. */
  from: number | undefined;
  to: number | undefined;
  compare: (from: number, to: number) => void;
  /** Opens the form with what a version said; undefined where nothing may be changed. */
  draft: ((version: number) => void) | undefined;
}

/** Every version of a document: who made it, when, why, and how any two differ. */
export function Versions({ document, ...rest }: Props) {
  const query = api.useQuery("get", "/api/v1/configurations/{id}/versions", { params: { path: { id: document.id } } });
  return <QueryView query={query}>{(data) => <List document={document} versions={data.items} {...rest} />}</QueryView>;
}

function List({ document, versions, from, to, compare, draft }: Props & { versions: Version[] }) {
  const t = useT(configurationsStrings);
  const pick = (wanted: number | undefined, otherwise: Version | undefined) => versions.find((v) => v.version === wanted) ?? otherwise;
  const right = pick(to, versions[0]);
  const left = pick(from, versions.find((v) => v.version < (right?.version ?? 0)) ?? versions[1]);
  const options = versions.map((v) => ({ value: String(v.version), label: t("version", { version: v.version }) }));
  return (
    <Stack>
      {left && right ? (
        <Stack gap="xs" component="section" aria-labelledby="compare-versions">
          <Group align="flex-end">
            <Title order={2} size="h4" id="compare-versions">
              {t("versions.compare")}
            </Title>
            <Select
              size="xs"
              w={140}
              allowDeselect={false}
              label={t("versions.from")}
              data={options}
              value={String(left.version)}
              onChange={(value) => compare(Number(value), right.version)}
            />
            <Select
              size="xs"
              w={140}
              allowDeselect={false}
              label={t("versions.to")}
              data={options}
              value={String(right.version)}
              onChange={(value) => compare(left.version, Number(value))}
            />
          </Group>
          <DiffTable
            subkind={document.subkind}
            from={{ version: left.version, content: left.content as Content }}
            to={{ version: right.version, content: right.content as Content }}
          />
        </Stack>
      ) : (
        <Text size="sm" c="dimmed">
          {t("versions.onlyOne")}
        </Text>
      )}
      <Stack gap="xs" component="ol" style={{ listStyle: "none", padding: 0, margin: 0 }}>
        {versions.map((version) => (
          <Paper withBorder p="sm" radius="md" component="li" key={version.version}>
            <Group justify="space-between" wrap="nowrap" align="flex-start">
              <div>
                <Group gap="xs">
                  <Text fw={600}>{t("version", { version: version.version })}</Text>
                  {version.version === document.version && (
                    <Badge size="sm" variant="light" tt="none">
                      {t("versions.present")}
                    </Badge>
                  )}
                </Group>
                <Text size="sm">{version.note || t("versions.noNote")}</Text>
                <Text size="sm" c="dimmed">
                  {version.created_by}
                  {" · "}
                  <Time at={version.created_at} as="clock" />
                  {" · "}
                  {t("versions.reported", { number: version.number })}
                </Text>
              </div>
              {draft && version.version !== document.version && (
                <Button variant="default" size="xs" onClick={() => draft(version.version)} style={{ flex: "none" }}>
                  {t("versions.draft")}
                </Button>
              )}
            </Group>
          </Paper>
        ))}
      </Stack>
    </Stack>
  );
}
