import { Text } from "@mantine/core";
import { useT } from "../../i18n/strings";
import type { Schemas } from "../../api/client";
import { Time } from "../../ui/Time";
import { commandsStrings } from "./strings";
import type { Command } from "./useCommand";

type Location = Schemas["LocationView"];

/** What a device answered beside its result: where it is, after a locate. */
export function Answer({ command }: { command: Command }) {
  const t = useT(commandsStrings);
  if (command.state !== "succeeded") return null;
  if (command.kind === "locate") {
    const location = command.detail.location as Location | undefined;
    if (!location) return <Text size="sm">{t("answer.noPlace")}</Text>;
    return (
      <Text size="sm">
        <b>{where(t, location)}</b>
        {location.source === "access_point" ? `, ${t("answer.accessPoint")}` : ""}
        {location.accuracy_m ? `, ${t("answer.accuracy", { metres: Math.round(location.accuracy_m) })}` : ""}
        {" · "}
        <Time at={location.at} />
      </Text>
    );
  }
  const said = Object.entries(command.detail).filter(([, value]) => typeof value === "string" || typeof value === "number");
  if (said.length === 0) return null;
  return (
    <Text size="sm">
      {t("answer.title")}: {said.map(([name, value]) => `${name.replaceAll("_", " ")}: ${String(value)}`).join(", ")}
    </Text>
  );
}

function where(t: ReturnType<typeof useT<(typeof commandsStrings)["en"]>>, location: Location): string {
  if (location.place) return t("answer.heard", { place: location.place.words });
  if (location.latitude !== null && location.longitude !== null) {
    return t("answer.coordinates", { lat: location.latitude.toFixed(5), lon: location.longitude.toFixed(5) });
  }
  return t("answer.noPlace");
}
