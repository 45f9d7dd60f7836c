import { Text } from "@mantine/core";
import { IconHeartRateMonitor } from "@tabler/icons-react";
import { api, type Schemas } from "../../api/client";
import { useT } from "../../i18n/strings";
import { TherapyBadge } from "../../ui/badges";
import { useWords } from "../../words/words";
import { Age, useSinceRead } from "./Age";
import { Card, Fact, Facts } from "./Facts";
import { deviceStrings } from "./strings";
import { speaks, type Device } from "./useDevice";

/** The age from which a report is not shown as what is so now (docs/safety.md, section 1). */
const showAge = 600;

/**
 * What is known of the pump's therapy at this moment. The server judged it when
 * the page was read; a page that has lost the server ages its judgement itself.
 */
export function useTherapy(device: Device) {
  const since = useSinceRead();
  const therapy = device.therapy;
  if (!therapy) return undefined;
  const age = therapy.age_seconds === null ? null : therapy.age_seconds + since;
  const tooOld = age !== null && age > showAge;
  return { ...therapy, state: tooOld ? ("unknown" as const) : therapy.state, tooOld };
}

/** The pump's therapy: what it says, how old that is, and what it means for what can be asked. */
export function Therapy({ device }: { device: Device }) {
  const t = useT(deviceStrings);
  const say = useWords();
  const therapy = useTherapy(device);
  if (!therapy) return null;
  const { reported, age_seconds: age, state, tooOld, why } = therapy;
  const said = reported === "" ? undefined : t(`therapy.${reported}`);
  return (
    <Card title={t("therapy.title")} icon={IconHeartRateMonitor} aside={<TherapyBadge state={state} />}>
      <Text size="sm" fw={600} data-therapy={state}>
        {state === "unknown" ? t("therapy.treated") : say("therapyMeans", state)}
      </Text>
      <Text size="sm" mb="xs">
        {tooOld ? t("therapy.tooOld") : why}
      </Text>
      <Facts>
        <Fact label={t("therapy.reported")} unknown={t("therapy.nothing")} source={device.management === "gateway" ? "gateway" : "device"}>
          {said && (
            <>
              {said}
              {age !== null && (
                <>
                  {", "}
                  <Age seconds={age} />
                </>
              )}
            </>
          )}
        </Fact>
      </Facts>
      <Asking device={device} />
    </Card>
  );
}

/** What can be asked of the pump in this state, as the server would judge it. */
function Asking({ device }: { device: Device }) {
  const t = useT(deviceStrings);
  const offers = api.useQuery("get", "/api/v1/devices/{id}/offers", { params: { path: { id: device.id } } }, { enabled: speaks(device) });
  if (!speaks(device)) return <Text size="sm" mt="xs">{t("therapy.noCommands")}</Text>;
  if (!offers.data) return null;
  const list = offers.data.items;
  return (
    <>
      <Text size="sm" fw={600} mt="sm" mb={4}>
        {t("therapy.ask")}
      </Text>
      {list.length === 0 ? (
        <Text size="sm">{t("therapy.nothingToAsk")}</Text>
      ) : (
        <Facts>
          <Kinds label={t("therapy.now")} offers={list.filter((o) => o.allowed)} />
          <Kinds label={t("therapy.wait")} offers={list.filter((o) => !o.allowed && o.may_hold)} />
          <Kinds label={t("therapy.never")} offers={list.filter((o) => !o.allowed && !o.may_hold)} />
        </Facts>
      )}
    </>
  );
}

function Kinds({ label, offers }: { label: string; offers: Schemas["OfferView"][] }) {
  const t = useT(deviceStrings);
  const say = useWords();
  if (offers.length === 0) return null;
  const names = offers.map((o) => (o.allowed && o.needs_second_person ? t("therapy.second", { kind: say("kind", o.kind) }) : say("kind", o.kind)));
  return <Fact label={label}>{names.join(" · ")}</Fact>;
}
