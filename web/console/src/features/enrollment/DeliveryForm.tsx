import { ActionIcon, Button, Checkbox, FileButton, Grid, Group, Paper, Stack, Text, TextInput, Title } from "@mantine/core";
import { IconCheck, IconFileImport, IconX } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { rest } from "../../api/client";
import { fieldProblem, problemOf } from "../../api/problem";
import { useT } from "../../i18n/strings";
import { notifyProblem } from "../../ui/notify";
import { ProblemAlert } from "../../ui/ProblemAlert";
import classes from "./enrollment.module.css";
import { blank, ClassAndModel, ExpirySelect, PlaceSelect, type Becomes } from "./fields";
import { inviteStrings } from "./inviteStrings";
import { keepIssued } from "./issued";
import { RejectedWords } from "./PumpForm";
import { requestOf } from "./request";
import { addSerials, serialsIn, type Rejected } from "./scan";
import { ScanField } from "./ScanField";

const most = 5000;

/** Registers a pallet with its packing list, and makes its code. */
export function DeliveryForm() {
  const t = useT(inviteStrings);
  const [name, setName] = useState("");
  const [value, setValue] = useState<Becomes>(blank);
  const [serials, setSerials] = useState<string[]>([]);
  const [openNow, setOpenNow] = useState(true);
  const [tried, setTried] = useState(false);
  const { register, pending, error } = useRegister();
  const problem = error ? problemOf(error) : undefined;
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (name.trim() && value.class && serials.length > 0 && serials.length <= most) void register({ name: name.trim(), value, serials, openNow });
  };
  return (
    <form onSubmit={submit} noValidate>
      <Grid gap="lg">
        <Grid.Col span={{ base: 12, md: 5 }}>
          <Paper withBorder p="md">
            <Stack>
              <TextInput
                label={t("deliveryName")}
                description={t("deliveryNameHint")}
                withAsterisk
                autoFocus
                maxLength={120}
                autoComplete="off"
                value={name}
                onChange={(event) => setName(event.currentTarget.value)}
                error={tried && !name.trim() ? t("needed") : fieldProblem(problem, "name")}
              />
              <ClassAndModel
                value={value}
                onChange={setValue}
                errors={{ class: tried && !value.class ? t("needed") : fieldProblem(problem, "class"), model: fieldProblem(problem, "model") }}
              />
              <PlaceSelect value={value.place} onChange={(place) => setValue({ ...value, place })} />
              <ExpirySelect hours={value.hours} onChange={(hours) => setValue({ ...value, hours })} />
            </Stack>
          </Paper>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 7 }}>
          <Stack>
            <PackingList serials={serials} onChange={setSerials} faultOf={(index) => fieldProblem(problem, `serials[${index}]`)} />
            {tried && serials.length === 0 && (
              <Text size="sm" c="red" role="alert">
                {t("nothingPacked")}
              </Text>
            )}
            {serials.length > most && (
              <Text size="sm" c="red" role="alert">
                {t("tooMany", { most })}
              </Text>
            )}
            <Checkbox label={t("openNow")} checked={openNow} onChange={(event) => setOpenNow(event.currentTarget.checked)} />
            {error !== undefined && <ProblemAlert error={error} />}
            <Button type="submit" loading={pending}>
              {t("register")}
            </Button>
          </Stack>
        </Grid.Col>
      </Grid>
    </form>
  );
}

interface Registration {
  name: string;
  value: Becomes;
  serials: string[];
  openNow: boolean;
}

/** Registers, opens, makes the code. What is registered stays when a later step fails: its page goes on from there. */
function useRegister() {
  const t = useT(inviteStrings);
  const navigate = useNavigate();
  const client = useQueryClient();
  const [pending, setPending] = useState(false);
  const [error, setError] = useState<unknown>();
  const register = async ({ name, value, serials, openNow }: Registration) => {
    setPending(true);
    setError(undefined);
    try {
      const made = await rest.POST("/api/v1/deliveries", {
        body: { name, class: value.class as never, model: value.model, place_id: value.place || undefined, serials },
      });
      if (!made.data) return setError(made.error);
      const { id } = made.data;
      await finish(id, value, openNow).catch((problem: unknown) => notifyProblem(t("halfDone"), problem));
      void client.invalidateQueries();
      void navigate({ to: `/enrollment/deliveries/${id}` });
    } catch (problem) {
      setError(problem);
    } finally {
      setPending(false);
    }
  };
  return { register, pending, error };
}

async function finish(id: string, value: Becomes, openNow: boolean): Promise<void> {
  if (openNow) {
    const { error } = await rest.POST("/api/v1/deliveries/{id}/open", { params: { path: { id } }, body: { minutes: 480 } });
    if (error) throw error;
  }
  const { data, error } = await rest.POST("/api/v1/invitations", { body: requestOf({ ...value, model: "", place: "" }, { delivery: id }) });
  if (error) throw error;
  keepIssued(data);
}

interface PackingListProps {
  serials: string[];
  onChange: (serials: string[]) => void;
  /** What the server said about one of them. */
  faultOf: (index: number) => string | undefined;
}

/** Takes the serial numbers of a pallet: scanned, pasted or from a file; each one is ticked off where one sees it. */
function PackingList({ serials, onChange, faultOf }: PackingListProps) {
  const t = useT(inviteStrings);
  const [rejected, setRejected] = useState<Rejected[]>([]);
  const [said, setSaid] = useState("");
  const add = (incoming: string[]) => {
    const result = addSerials(serials, incoming);
    onChange(result.list);
    setRejected(result.rejected);
    const [only] = result.added;
    setSaid(result.added.length === 1 && only ? t("added", { serial: only, count: result.list.length }) : result.added.length > 1 ? t("addedMany", { count: result.added.length }) : "");
  };
  return (
    <section aria-label={t("packing")}>
      <Group justify="space-between" mb="xs">
        <Group gap="xs">
          <Title order={2} size="h5">
            {t("packing")}
          </Title>
          <Text size="sm" c="dimmed">
            {serials.length > 0 ? t("packed", { count: serials.length }) : ""}
          </Text>
        </Group>
        <Group gap="xs">
          <FileButton accept=".csv,.txt,text/csv,text/plain" onChange={(file) => void file?.text().then((content) => add(serialsIn(content)))}>
            {(props) => (
              <Button {...props} size="xs" variant="default" title={t("fileHint")} leftSection={<IconFileImport size={14} aria-hidden />}>
                {t("file")}
              </Button>
            )}
          </FileButton>
          {serials.length > 0 && (
            <Button size="xs" variant="subtle" color="gray" onClick={() => onChange([])}>
              {t("clear")}
            </Button>
          )}
        </Group>
      </Group>
      <ScanField label={t("scanAdd")} description={t("scanHint")} onScan={add} error={rejected.length > 0 && <RejectedWords rejected={rejected} />} mb={6} />
      <Text size="sm" c="teal" mih={22} role="status">
        {said}
      </Text>
      {serials.length === 0 ? (
        <Text size="sm" c="dimmed">
          {t("packedNone")}
        </Text>
      ) : (
        <div className={classes.ticks} role="list">
          {serials
            .map((serial, index) => (
              <div className={classes.tick} role="listitem" key={serial}>
                <IconCheck size={16} aria-hidden />
                <span className={classes.number}>{index + 1}</span>
                <span className={classes.grow}>
                  <b>{serial}</b>
                  {faultOf(index) && (
                    <Text size="xs" c="red">
                      {faultOf(index)}
                    </Text>
                  )}
                </span>
                <ActionIcon variant="subtle" color="gray" aria-label={t("remove", { serial })} onClick={() => onChange(serials.filter((s) => s !== serial))}>
                  <IconX size={16} aria-hidden />
                </ActionIcon>
              </div>
            ))
            .reverse()
            .slice(0, 500)}
        </div>
      )}
    </section>
  );
}
