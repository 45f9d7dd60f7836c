import { Alert, Button, Group, NumberInput, Select, Stack, Text } from "@mantine/core";
import { IconPrinter } from "@tabler/icons-react";
import { useQueries } from "@tanstack/react-query";
import { useState } from "react";
import { api, rest } from "../../api/client";
import { problemOf } from "../../api/problem";
import { day } from "../../i18n/format";
import { useT } from "../../i18n/strings";
import { Empty } from "../../ui/Empty";
import { Page } from "../../ui/Page";
import { QueryView } from "../../ui/QueryView";
import { text, texts, useAddress } from "../../ui/useAddress";
import { useWords } from "../../words/words";
import { issuedOf, useIssued } from "./issued";
import classes from "./labels.module.css";
import { labelStrings } from "./labelStrings";
import { Back } from "./Back";
import { Qr } from "./Qr";
import { ScanField } from "./ScanField";
import { useNames } from "./useNames";

/** What stands on one label. */
interface Label {
  key: string;
  qr: string;
  qrLabel: string;
  /** The lines, the most important first. */
  title: string;
  code?: string;
  lines: string[];
}

const sizes = { small: 65, medium: 24, large: 8 } as const;
type Size = keyof typeof sizes;

/** Sheets of labels: invitations of this tab, a delivery's serial numbers, or devices. */
export default function LabelsPage() {
  const [from] = useAddress((raw) => ({ delivery: text(raw, "delivery"), invitations: texts(raw, "invitations") }));
  if (from.delivery) return <DeliveryLabels id={from.delivery} />;
  return from.invitations.length > 0 ? <InvitationLabels ids={from.invitations} /> : <DeviceLabels />;
}

function InvitationLabels({ ids }: { ids: string[] }) {
  const t = useT(labelStrings);
  const say = useWords();
  const names = useNames();
  const hospital = useHospital();
  const issued = useIssued().filter((i) => ids.includes(i.id));
  const labels = issued.map((i): Label => {
    const whom = i.serial || i.owner || t("delivery", { name: i.progress.delivery_name });
    return {
      key: i.id,
      qr: i.enroll_url,
      qrLabel: t("qrInvitation", { whom }),
      title: whom,
      code: i.code,
      lines: [say("class", i.class), names.model(i.model), t("until", { day: day(i.expires_at) }), hospital],
    };
  });
  return <Sheets labels={labels} sizes={["medium", "large"]} />;
}

function DeliveryLabels({ id }: { id: string }) {
  const t = useT(labelStrings);
  const say = useWords();
  const names = useNames();
  const hospital = useHospital();
  const issued = issuedOf(useIssued(), { delivery: id });
  const query = api.useQuery("get", "/api/v1/deliveries/{id}", { params: { path: { id } } });
  return (
    <QueryView query={query}>
      {(d) => (
        <Sheets
          back={{ to: `/enrollment/deliveries/${id}`, name: d.name }}
          sizes={["medium", "large"]}
          labels={
            issued
              ? d.packed.map((line) => ({
                  key: line.serial,
                  qr: issued.enroll_url,
                  qrLabel: t("qrInvitation", { whom: line.serial }),
                  title: line.serial,
                  code: issued.code,
                  lines: [names.model(d.model) || say("class", d.class), d.name, t("until", { day: day(issued.expires_at) }), hospital],
                }))
              : []
          }
        />
      )}
    </QueryView>
  );
}

/** Asset labels: the code is the serial number, which the search box finds. */
function DeviceLabels() {
  const t = useT(labelStrings);
  const say = useWords();
  const hospital = useHospital();
  const [{ ids }, set] = useAddress((raw) => ({ ids: texts(raw, "devices").flatMap((id) => id.split(",")).filter(Boolean) }));
  const [fault, setFault] = useState("");
  const found = useQueries({ queries: ids.map((id) => api.queryOptions("get", "/api/v1/devices/{id}", { params: { path: { id } } })) });
  const failed = found.filter((query) => query.error).length;
  const add = async (q: string) => {
    const { data, error } = await rest.GET("/api/v1/devices", { params: { query: { q, limit: 2 } } });
    const [device, second] = data?.items ?? [];
    if (error) setFault(problemOf(error).detail);
    else if (!device) setFault(t("notFound", { q }));
    else if (second) setFault(t("several", { q }));
    else if (ids.includes(device.id)) setFault(t("there", { serial: device.serial }));
    else {
      setFault("");
      set({ devices: [...ids, device.id] }, { replace: true });
    }
  };
  const labels = found.flatMap(({ data: d }): Label[] =>
    d
      ? [
          {
            key: d.id,
            qr: d.serial,
            qrLabel: t("qrDevice", { serial: d.serial }),
            title: d.asset_tag || d.serial,
            lines: [d.asset_tag ? d.serial : "", say("class", d.class), `${d.model.maker} ${d.model.name}`, hospital],
          },
        ]
      : [],
  );
  return (
    <Sheets labels={labels} sizes={["small", "medium", "large"]}>
      <ScanField label={t("add")} autoFocus onScan={([q]) => q && void add(q)} error={fault || undefined} w={420} maw="100%" />
      {failed > 0 && (
        <Alert color="orange" variant="light">
          {t("notAll", { count: failed })}
        </Alert>
      )}
    </Sheets>
  );
}

function useHospital(): string {
  return api.useQuery("get", "/api/v1/settings", {}, { staleTime: 300_000 }).data?.organization ?? "";
}

interface SheetsProps {
  labels: Label[];
  sizes: Size[];
  back?: { to: string; name: string };
  /** What stands above the sheets beside the settings. */
  children?: React.ReactNode;
}

function Sheets({ labels, sizes: offered, back, children }: SheetsProps) {
  const t = useT(labelStrings);
  const [{ size }, set] = useAddress((raw) => ({ size: offered.find((s) => s === text(raw, "size")) ?? "medium" }));
  const [first, setFirst] = useState(1);
  const each = sizes[size];
  const cells: (Label | null)[] = [...Array<null>(Math.min(first, each) - 1).fill(null), ...labels];
  const pages = Array.from({ length: Math.ceil(cells.length / each) }, (_, page) => cells.slice(page * each, (page + 1) * each));
  return (
    <Stack gap="md">
      <div className={classes.settings}>
        <Page
          title={t("title")}
          about={t("about")}
          above={back ? <Back to={back.to}>{back.name}</Back> : <Back />}
          actions={
            <Button disabled={labels.length === 0} leftSection={<IconPrinter size={16} aria-hidden />} onClick={() => window.print()}>
              {t("print")}
            </Button>
          }
        >
          <Group align="flex-end">
            <Select
              label={t("size")}
              allowDeselect={false}
              data={offered.map((s) => ({ value: s, label: t(`sizes.${s}`) }))}
              value={size}
              onChange={(to) => set({ size: to ?? undefined }, { replace: true })}
              w={240}
            />
            <NumberInput label={t("first")} title={t("firstHint")} min={1} max={each} allowDecimal={false} value={first} onChange={(n) => setFirst(Math.max(1, Number(n) || 1))} w={140} />
            <Text size="sm" c="dimmed" role="status" pb={8}>
              {[t("count", { count: labels.length }), t("sheets", { count: labels.length ? pages.length : 0 })].join(" · ")}
            </Text>
          </Group>
          {children}
          {labels.length === 0 && <Empty title={t("gone")}>{offered.includes("small") ? null : t("goneText")}</Empty>}
        </Page>
      </div>
      {labels.length > 0 && (
        // A sheet is wider than a phone: the keyboard scrolls it too.
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        <section className={classes.scroll} aria-label={t("preview")} tabIndex={0}>
          {pages.map((page, index) => (
            <div key={index} className={`${classes.sheet} ${classes[size]}`} role="group" aria-label={t("sheet", { number: index + 1, count: pages.length })}>
              {page.map((label, cell) => (label ? <Printed key={label.key} label={label} /> : <div key={`free ${cell}`} />))}
            </div>
          ))}
        </section>
      )}
    </Stack>
  );
}

function Printed({ label }: { label: Label }) {
  return (
    <div className={classes.label} data-label={label.title}>
      <Qr text={label.qr} label={label.qrLabel} className={classes.picture} />
      <div className={classes.words}>
        <b>{label.title}</b>
        {label.code && (
          <div>
            <code>{label.code}</code>
          </div>
        )}
        {label.lines.filter(Boolean).map((line) => (
          <div key={line}>{line}</div>
        ))}
      </div>
    </div>
  );
}
