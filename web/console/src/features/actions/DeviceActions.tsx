import { Alert, Button, Group, Menu, Stack } from "@mantine/core";
import { IconDots, IconHandStop } from "@tabler/icons-react";
import { useState } from "react";
import { api, type Schemas } from "../../api/client";
import { useT } from "../../i18n/strings";
import { useMay } from "../../session/useSession";
import { later } from "../../ui/later";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { useWords } from "../../words/words";
import { inOrder, inSight, lookOf, makesSense } from "./kinds";
import { openAction, type Device, type Kind } from "./openAction";
import { firstSentence } from "./sentence";
import { QuietAction } from "./QuietAction";
import { actionsStrings } from "./strings";

type Offer = Schemas["OfferView"];

/**
 * What may be asked of a device, as buttons. The server says what that is: what
 * this model does, what I may ask, and what stands against it just now.
 */
export function DeviceActions({ device }: { device: Device }) {
  const t = useT(actionsStrings);
  const offers = api.useQuery("get", "/api/v1/devices/{id}/offers", { params: { path: { id: device.id } } });
  // Quiet kinds are asked by one click; what came of them stands below, newest first.
  const [asked, setAsked] = useState<{ kind: Kind; n: number }[]>([]);
  if (offers.error && !offers.data) return <ProblemAlert reading error={offers.error} retry={() => void offers.refetch()} />;
  const list = inOrder(offers.data?.items ?? []).filter((offer) => offer.open_command_id || makesSense(offer.kind, device));
  if (list.length === 0) return <LastResort device={device} offers={offers.data?.items ?? []} />;
  const choose = (offer: Offer) => {
    if (offer.weight === "quiet" && offer.allowed) {
      setAsked((before) => [{ kind: offer.kind, n: before.length }, ...before.filter((one) => one.kind !== offer.kind)].slice(0, 3));
    } else {
      openAction({ kind: offer.kind, device });
    }
  };
  const buttons = list.filter((offer) => inSight(offer.kind, device));
  const menu = list.filter((offer) => !inSight(offer.kind, device));
  return (
    <Stack gap="xs">
      <Group gap="xs" role="group" aria-label={t("group")}>
        {buttons.map((offer) => (
          <OfferButton offer={offer} key={offer.kind} onClick={() => choose(offer)} />
        ))}
        {menu.length > 0 && <MoreMenu offers={menu} onChoose={choose} />}
      </Group>
      <NotNow offers={list} />
      <LastResort device={device} offers={offers.data?.items ?? []} />
      {asked.map(({ kind, n }) => (
        <QuietAction device={device} kind={kind} key={kind + n} onClose={() => setAsked((before) => before.filter((one) => one.n !== n))} />
      ))}
    </Stack>
  );
}

const BreakGlass = later(() => import("../breakglass/BreakGlass").then((module) => module.BreakGlass));

/** Where nothing but a break-glass may cut a pump off, and I may ask for one. */
function LastResort({ device, offers }: { device: Device; offers: Offer[] }) {
  const may = useMay();
  const needed = offers.some((offer) => offer.kind === "contain" && offer.code === "break_glass_needed");
  return needed && may("break_glass.open") ? <BreakGlass device={device} /> : null;
}

function OfferButton({ offer, onClick }: { offer: Offer; onClick: () => void }) {
  const say = useWords();
  const { Icon } = lookOf(offer.kind);
  const destructive = offer.weight === "destructive";
  return (
    <Button
      variant={offer.allowed && destructive ? "light" : "default"}
      color={destructive ? "red" : undefined}
      c={offer.allowed ? undefined : "dimmed"}
      size="sm"
      leftSection={offer.allowed ? <Icon size={16} aria-hidden /> : <IconHandStop size={16} aria-hidden />}
      onClick={onClick}
      aria-describedby={offer.allowed ? undefined : notNowId}
    >
      {say("kind", offer.kind)}
    </Button>
  );
}

function MoreMenu({ offers, onChoose }: { offers: Offer[]; onChoose: (offer: Offer) => void }) {
  const t = useT(actionsStrings);
  const say = useWords();
  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <Button variant="default" size="sm" leftSection={<IconDots size={16} aria-hidden />}>
          {t("more")}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {offers.map((offer) => {
          const { Icon } = lookOf(offer.kind);
          return (
            <Menu.Item
              key={offer.kind}
              color={offer.allowed && offer.weight === "destructive" ? "red" : undefined}
              leftSection={offer.allowed ? <Icon size={16} aria-hidden /> : <IconHandStop size={16} aria-hidden />}
              onClick={() => onChoose(offer)}
            >
              {say("kind", offer.kind)}
            </Menu.Item>
          );
        })}
      </Menu.Dropdown>
    </Menu>
  );
}

const notNowId = "actions-not-now";

/** Says of a pump that is not free what cannot be asked now and why, before anybody asks. */
function NotNow({ offers }: { offers: Offer[] }) {
  const t = useT(actionsStrings);
  const say = useWords();
  const reasons = new Map<string, string[]>();
  for (const offer of offers) {
    if (offer.allowed) continue;
    const sentence = firstSentence(offer.detail);
    reasons.set(sentence, [...(reasons.get(sentence) ?? []), say("kind", offer.kind)]);
  }
  if (reasons.size === 0) return null;
  return (
    <Alert id={notNowId} variant="light" color="orange" p="xs" icon={<IconHandStop size={18} aria-hidden />}>
      {[...reasons].map(([sentence, kinds]) => (
        <div key={sentence}>{t("notNow", { why: sentence.replace(/\.$/, ""), kinds: kinds.join(", ") })}</div>
      ))}
    </Alert>
  );
}
