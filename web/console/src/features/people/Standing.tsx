import { Group, Text } from "@mantine/core";
import { IconCheck, IconClock, IconHourglass, IconKey, IconLock, IconShieldCheck, IconShieldOff, IconUserQuestion } from "@tabler/icons-react";
import { shortTime } from "../../i18n/format";
import { useT } from "../../i18n/strings";
import { SignBadge } from "../../ui/badges";
import { useNow } from "../../ui/useNow";
import { useWords } from "../../words/words";
import { newRoles, type Person } from "./person";
import { peopleStrings } from "./strings";

/** Whether the account can be used, and what it still waits for. */
export function Standing({ person, waits }: { person: Person; waits: boolean }) {
  const t = useT(peopleStrings);
  const now = useNow();
  const { unconfirmed, cooling } = newRoles(person, now);
  const until = cooling.map((one) => one.good_from ?? "").sort().at(-1);
  const signs = [
    person.disabled && <SignBadge key="disabled" color="red" Icon={IconLock}>{t("disabled")}</SignBadge>,
    waits && <SignBadge key="waits" color="grape" Icon={IconHourglass}>{t("waitsForSecond")}</SignBadge>,
    !person.disabled && unconfirmed.length > 0 && <SignBadge key="confirm" color="orange" Icon={IconUserQuestion}>{t("waitsForConfirmation")}</SignBadge>,
    !person.disabled && until && <SignBadge key="cools" color="yellow" Icon={IconClock}>{t("coolsUntil", { at: shortTime(until, now) })}</SignBadge>,
    !person.disabled && !person.has_password && <SignBadge key="password" color="gray" Icon={IconKey}>{t("notSetUp")}</SignBadge>,
  ].filter(Boolean);
  if (signs.length === 0) signs.push(<SignBadge key="active" color="green" Icon={IconCheck}>{t("active")}</SignBadge>);
  return <Group gap={4}>{signs}</Group>;
}

export function FactorSign({ person }: { person: Person }) {
  const t = useT(peopleStrings);
  return person.has_second_factor ? (
    <SignBadge color="green" Icon={IconShieldCheck}>{t("withFactor")}</SignBadge>
  ) : (
    <SignBadge color="orange" Icon={IconShieldOff}>{t("withoutFactor")}</SignBadge>
  );
}

/** Roles in words; who has none yet is said so. */
export function Roles({ roles }: { roles: readonly string[] }) {
  const t = useT(peopleStrings);
  const say = useWords();
  if (roles.length === 0) {
    return (
      <Text span inherit c="dimmed">
        {t("noRoles")}
      </Text>
    );
  }
  return <>{roles.map((role) => say("role", role)).join(", ")}</>;
}
