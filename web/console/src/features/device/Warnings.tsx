import { Alert, Group, Stack, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { api } from "../../api/client";
import { relative } from "../../i18n/format";
import { useT } from "../../i18n/strings";
import { useMay } from "../../session/useSession";
import { RouteLink } from "../../ui/RouteLink";
import { lengthOfTime } from "./length";
import { deviceStrings } from "./strings";
import { wrongClock, type Device } from "./useDevice";

interface Warning {
  key: string;
  color: "red" | "orange";
  title: string;
  text: string;
  link?: { to: string; label: string };
}

/** Days before a certificate's end from which it needs a person: by then it should have renewed by itself. */
const endsSoon = 21;

/** What about this device needs a person. */
export function Warnings({ device }: { device: Device }) {
  const t = useT(deviceStrings);
  const warnings = [...useNotErased(device), ...useWaitingEnrollments(device), ...ofDevice(device, t)];
  if (warnings.length === 0) return null;
  return (
    <Stack gap="xs" role="group" aria-label={t("warn.title")}>
      {warnings.map(({ key, color, title, text, link }) => (
        <Alert key={key} color={color} variant="light" icon={<IconAlertTriangle aria-hidden />} title={title} py="xs">
          <Group gap="xs">
            <Text size="sm">{text}</Text>
            {link && (
              <RouteLink to={link.to} size="sm">
                {link.label}
              </RouteLink>
            )}
          </Group>
        </Alert>
      ))}
    </Stack>
  );
}

function ofDevice(device: Device, t: ReturnType<typeof useT<(typeof deviceStrings)["en"]>>): Warning[] {
  const out: Warning[] = [];
  const off = device.clock_offset_seconds;
  if (Math.abs(off) >= wrongClock) {
    const text = t("warn.clockText", { amount: lengthOfTime(Math.abs(off)), direction: off > 0 ? t("warn.ahead") : t("warn.behind") });
    out.push({ key: "clock", color: "orange", title: t("warn.clock"), text });
  }
  if (device.storage_encrypted === false) {
    out.push({ key: "encryption", color: "orange", title: t("warn.unencrypted"), text: t("warn.unencryptedText") });
  }
  const certificate = device.certificate;
  if (certificate?.status === "expired") {
    out.push({ key: "certificate", color: "red", title: t("warn.certificateOver"), text: t("warn.certificateOverText") });
  } else if (certificate && certificate.status !== "revoked" && certificate.days_left <= endsSoon) {
    out.push({ key: "certificate", color: "orange", title: t("warn.certificate", { when: relative(certificate.days_left * 86_400) }), text: t("warn.certificateText") });
  }
  return out;
}

/** Wipes that ended NOT erased and that nothing has followed since. */
function useNotErased(device: Device): Warning[] {
  const t = useT(deviceStrings);
  const may = useMay();
  const query = { device_id: device.id, kind: "wipe" as const, unresolved: true, limit: 5 };
  const { data } = api.useQuery("get", "/api/v1/commands", { params: { query } }, { enabled: may("commands.read") });
  return (data?.items ?? []).map((command) => ({
    key: command.id,
    color: "red",
    title: t("warn.notErased"),
    text: t("warn.notErasedText"),
    link: { to: `/commands/${command.id}`, label: t("warn.toWipe") },
  }));
}

function useWaitingEnrollments(device: Device): Warning[] {
  const t = useT(deviceStrings);
  const may = useMay();
  const { data } = api.useQuery("get", "/api/v1/enrollment-requests", {}, { enabled: may("enrollments.read") });
  return (data?.items ?? [])
    .filter((request) => request.device_id === device.id)
    .map((request) => ({
      key: request.id,
      color: "orange",
      title: t("warn.enrollment"),
      text: [...request.reasons.map((reason) => reason.words), t("warn.enrollmentText")].join(" "),
      link: { to: "/enrollment", label: t("warn.toEnrollment") },
    }));
}
