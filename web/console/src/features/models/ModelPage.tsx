import { Badge, Button, Grid, Group, List, Paper, Stack, Text, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useParams } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { api, type Schemas } from "../../api/client";
import { useT } from "../../i18n/strings";
import { useMay } from "../../session/useSession";
import { later } from "../../ui/later";
import { Page } from "../../ui/Page";
import { QueryView } from "../../ui/QueryView";
import { RouteLink } from "../../ui/RouteLink";
import { useWords } from "../../words/words";
import { DeviceCount } from "./DeviceCount";
import { modelStrings } from "./strings";

const ModelForm = later(() => import("./ModelForm").then((module) => module.ModelForm));

/** One model: what its devices can do, and what is known of erasing and cutting them off. */
export default function ModelPage() {
  const t = useT(modelStrings);
  const say = useWords();
  const may = useMay();
  const [editing, dialog] = useDisclosure(false);
  const { id = "" } = useParams({ strict: false }) as { id?: string };
  const query = api.useQuery("get", "/api/v1/models/{id}", { params: { path: { id } } });
  const m = query.data;
  return (
    <Page
      title={m ? `${m.maker} ${m.name}` : t("columns.model")}
      about={m && say("class", m.class)}
      above={
        <RouteLink to="/models" size="sm" w="fit-content">
          {t("back")}
        </RouteLink>
      }
      actions={
        m &&
        may("models.write") && (
          <Button variant="default" onClick={dialog.open}>
            {t("edit")}
          </Button>
        )
      }
    >
      <QueryView query={query}>{(model) => <Facts model={model} />}</QueryView>
      {m && <ModelForm key={m.version} model={m} opened={editing} onClose={dialog.close} onSaved={dialog.close} />}
    </Page>
  );
}

function Facts({ model: m }: { model: Schemas["ModelView"] }) {
  const t = useT(modelStrings);
  const say = useWords();
  const can = m.capabilities ?? [];
  return (
    <Stack>
      <DeviceCount model={m.id} />
      <Grid>
        <Fact title={t("can")}>
          {can.length === 0 ? (
            t("canNothing")
          ) : (
            <>
              <Group gap={6} mb="xs">
                {can.map((kind) => (
                  <Badge key={kind} variant="light" tt="none">
                    {say("kind", kind)}
                  </Badge>
                ))}
              </Group>
              <Text size="sm" c="dimmed">
                {t("canNot")}
              </Text>
            </>
          )}
        </Fact>
        <Fact title={t("cut")}>
          <Text size="sm">{t(`cuts.${m.network_cut ?? "unknown"}`)}</Text>
          {m.network_cut_source && (
            <Text size="sm" c="dimmed">
              {`${t("cutSource")}: ${m.network_cut_source}`}
            </Text>
          )}
        </Fact>
        <Fact title={t("erases")}>{m.wipe_erases || t("notSaid")}</Fact>
        <Fact title={t("keeps")}>{m.wipe_keeps || t("notSaid")}</Fact>
        <Fact title={t("sanitisation")}>
          {m.sanitisation?.length ? (
            <List type="ordered" size="sm">
              {m.sanitisation.map((step) => (
                <List.Item key={step}>{step}</List.Item>
              ))}
            </List>
          ) : (
            t("notSaid")
          )}
        </Fact>
      </Grid>
      {m.legacy_scep && <Text size="sm">{t("legacy")}</Text>}
    </Stack>
  );
}

function Fact({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Grid.Col span={{ base: 12, sm: 6 }}>
      <Paper withBorder p="md" h="100%">
        <Title order={2} size="h6" mb={4}>
          {title}
        </Title>
        <Text component="div" size="sm">
          {children}
        </Text>
      </Paper>
    </Grid.Col>
  );
}
