import { Button, Group, Loader, Menu } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";
import { api, type Schemas } from "../../api/client";
import { useT } from "../../i18n/strings";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { useMay } from "../../session/useSession";
import { useWords } from "../../words/words";
import { alone, inOrder, lookOf } from "./kinds";
import { openAction, type Device } from "./openAction";
import { actionsStrings } from "./strings";

interface Props {
  devices: Device[];
  /** Called when the batch has been asked. */
  onDone?: (batch: Schemas["BatchView"]) => void;
}

/** What may be asked of several devices together, as a menu with how many of them it is possible for. */
export function BatchActions({ devices, onDone }: Props) {
  const may = useMay();
  if (!may("commands.batch") || devices.length === 0) return null;
  return <BatchMenu devices={devices} onDone={onDone} />;
}

function BatchMenu({ devices, onDone }: Props) {
  const t = useT(actionsStrings);
  const say = useWords();
  const ids = devices.map((device) => device.id).sort();
  const offers = api.useQuery("post", "/api/v1/batches/offers", { body: { devices: ids } }, { meta: { live: false } });
  const list = inOrder(offers.data?.items ?? []).filter((offer) => offer.allowed + offer.may_hold > 0 && !alone(offer.kind));
  return (
    <Menu position="bottom-start" shadow="md">
      <Menu.Target>
        <Button variant="default" rightSection={<IconChevronDown size={16} aria-hidden />}>
          {t("batch.menu", { count: devices.length })}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {offers.error ? <ProblemAlert reading error={offers.error} retry={() => void offers.refetch()} /> : null}
        {offers.isPending && <Menu.Item disabled leftSection={<Loader size={14} />}>{t("batch.looking")}</Menu.Item>}
        {offers.data && list.length === 0 && <Menu.Item disabled>{t("batch.nothing")}</Menu.Item>}
        {list.map((offer) => {
          const { Icon } = lookOf(offer.kind);
          const can = offer.allowed + offer.may_hold;
          return (
            <Menu.Item
              key={offer.kind}
              color={offer.weight === "destructive" ? "red" : undefined}
              leftSection={<Icon size={16} aria-hidden />}
              rightSection={can < devices.length ? <Group c="dimmed">{t("batch.of", { can, all: devices.length })}</Group> : undefined}
              onClick={() => openAction({ kind: offer.kind, devices, onDone })}
            >
              {say("kind", offer.kind)}
            </Menu.Item>
          );
        })}
      </Menu.Dropdown>
    </Menu>
  );
}
