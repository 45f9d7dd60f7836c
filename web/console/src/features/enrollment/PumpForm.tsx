import { Badge, Button, Grid, Group, Paper, Stack, Text, TextInput, Title } from "@mantine/core";
import { IconCheck, IconLoader, IconPrinter, IconX } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { rest } from "../../api/client";
import { problemOf } from "../../api/problem";
import { useT } from "../../i18n/strings";
import { later } from "../../ui/later";
import { RouteButton } from "../../ui/RouteLink";
import classes from "./enrollment.module.css";
import { blank, ClassAndModel, ExpirySelect, ManagementSelect, PlaceSelect, type Becomes } from "./fields";
import { inviteStrings } from "./inviteStrings";
import { keepIssued, type Issued } from "./issued";
import { requestOf } from "./request";
import { addSerials, type Rejected } from "./scan";
import { ScanField } from "./ScanField";

const IssuedCard = later(() => import("./IssuedCard").then((module) => module.IssuedCard));

interface Scanned {
  serial: string;
  issued?: Issued;
  /** Why it was refused, in the server's words. */
  refused?: string;
}

/**
 * Invites one device after the other: what is chosen once holds for all of them,
 * and each scan makes an invitation.
 */
export function PumpForm() {
  const t = useT(inviteStrings);
  const client = useQueryClient();
  const [value, setValue] = useState<Becomes>(blank);
  const [scanned, setScanned] = useState<Scanned[]>([]);
  const [rejected, setRejected] = useState<Rejected[]>([]);
  const [classMissing, setClassMissing] = useState(false);
  // One after the other, in the order of the scanner.
  const queue = useRef(Promise.resolve());

  const invite = (serial: string) => {
    const body = requestOf(value, { serial });
    queue.current = queue.current.then(async () => {
      let outcome: Scanned = { serial };
      try {
        const { data, error } = await rest.POST("/api/v1/invitations", { body });
        if (data) {
          keepIssued(data);
          outcome = { serial, issued: data };
        } else outcome = { serial, refused: wordsOf(error) };
      } catch (error) {
        outcome = { serial, refused: wordsOf(error) };
      }
      setScanned((before) => before.map((s) => (s.serial === serial ? outcome : s)));
      void client.invalidateQueries();
    });
  };
  const scan = (serials: string[]) => {
    setClassMissing(!value.class);
    if (!value.class) return;
    const result = addSerials(
      scanned.map((s) => s.serial),
      serials,
    );
    setRejected(result.rejected);
    setScanned([...scanned, ...result.added.map((serial) => ({ serial }))]);
    for (const serial of result.added) invite(serial);
  };
  const again = (serial: string) => {
    setScanned(scanned.map((s) => (s.serial === serial ? { serial } : s)));
    invite(serial);
  };
  const newest = scanned.findLast((s) => s.issued)?.issued;
  return (
    <Grid gap="lg">
      <Grid.Col span={{ base: 12, md: 6 }}>
        <Stack>
          <Paper withBorder p="md">
            <Stack>
              <ClassAndModel value={value} onChange={setValue} errors={{ class: classMissing && !value.class ? t("needed") : undefined }} />
              <PlaceSelect value={value.place} onChange={(place) => setValue({ ...value, place })} />
              <Group grow align="flex-start">
                <TextInput
                  label={t("ownerOptional")}
                  maxLength={120}
                  autoComplete="off"
                  value={value.owner}
                  onChange={(event) => setValue({ ...value, owner: event.currentTarget.value })}
                />
                <ExpirySelect hours={value.hours} onChange={(hours) => setValue({ ...value, hours })} />
              </Group>
              <ManagementSelect value={value.management} onChange={(management) => setValue({ ...value, management })} />
            </Stack>
          </Paper>
          <ScanField label={t("scan")} description={t("scanHint")} autoFocus onScan={scan} error={rejected.length > 0 && <RejectedWords rejected={rejected} />} />
          <Sitting scanned={scanned} onAgain={again} />
        </Stack>
      </Grid.Col>
      <Grid.Col span={{ base: 12, md: 6 }}>{newest && <IssuedCard key={newest.id} issued={newest} />}</Grid.Col>
    </Grid>
  );
}

function wordsOf(error: unknown): string {
  const { detail, help, errors } = problemOf(error);
  return [detail, ...(errors?.map((e) => e.detail) ?? []), help].filter(Boolean).join(" ");
}

/** What was scanned and not taken, and why. */
export function RejectedWords({ rejected }: { rejected: Rejected[] }) {
  const t = useT(inviteStrings);
  return (
    <span role="alert">
      {rejected.slice(0, 5).map((r) => (
        <Text key={r.serial} size="sm" component="span" display="block">
          {r.fault === "duplicate" ? t("duplicate", { serial: r.serial, first: r.first ?? 0 }) : t("unprintable", { serial: r.serial })}
        </Text>
      ))}
    </span>
  );
}

/** What this sitting has made, the newest first. */
function Sitting({ scanned, onAgain }: { scanned: Scanned[]; onAgain: (serial: string) => void }) {
  const t = useT(inviteStrings);
  const made = scanned.flatMap((s) => (s.issued ? [s.issued.id] : []));
  const refused = scanned.filter((s) => s.refused).length;
  return (
    <section aria-label={t("sitting")}>
      <Group justify="space-between" mb={6}>
        <Group gap="xs">
          <Title order={2} size="h5">
            {t("sitting")}
          </Title>
          <Text size="sm" c="dimmed" role="status">
            {[made.length > 0 && t("sittingCount", { count: made.length }), refused > 0 && t("sittingFailed", { count: refused })].filter(Boolean).join(" · ")}
          </Text>
        </Group>
        {made.length > 0 && (
          <RouteButton size="xs" variant="default" to="/enrollment/labels" search={{ invitations: made } as never} leftSection={<IconPrinter size={14} aria-hidden />}>
            {t("printAll")}
          </RouteButton>
        )}
      </Group>
      {scanned.length === 0 ? (
        <Text size="sm" c="dimmed">
          {t("sittingNone")}
        </Text>
      ) : (
        <div className={classes.ticks} role="list">
          {scanned
            .map((s, index) => (
              <div className={classes.tick} role="listitem" key={s.serial}>
                <span className={classes.number}>{index + 1}</span>
                <span className={classes.grow}>
                  <b>{s.serial}</b>
                  {s.refused && (
                    <Text size="xs" c="red">
                      {s.refused}
                    </Text>
                  )}
                </span>
                <Outcome scanned={s} />
                {s.refused && (
                  <Button size="compact-xs" variant="default" onClick={() => onAgain(s.serial)}>
                    {t("again")}
                  </Button>
                )}
              </div>
            ))
            .reverse()}
        </div>
      )}
    </section>
  );
}

function Outcome({ scanned }: { scanned: Scanned }) {
  const t = useT(inviteStrings);
  const [color, Icon, word] = scanned.issued
    ? (["green", IconCheck, t("made")] as const)
    : scanned.refused
      ? (["red", IconX, t("refused")] as const)
      : (["gray", IconLoader, t("making")] as const);
  return (
    <Badge color={color} variant="light" tt="none" leftSection={<Icon size={12} aria-hidden />}>
      {word}
    </Badge>
  );
}
