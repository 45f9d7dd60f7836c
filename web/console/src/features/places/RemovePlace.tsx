import { Button, Group, List, Modal, Stack, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { rest } from "../../api/client";
import { useT } from "../../i18n/strings";
import { notifyDone } from "../../ui/notify";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { RouteLink } from "../../ui/RouteLink";
import { uiStrings } from "../../ui/strings";
import { placesStrings } from "./strings";
import type { Node } from "./tree";

interface Props {
  node: Node;
  onClose: () => void;
  onRemoved?: () => void;
}

/** Removes a place in which nothing stands, or says what stands in it. */
export function RemovePlace({ node, onClose, onRemoved }: Props) {
  const t = useT(placesStrings);
  const ui = useT(uiStrings);
  const client = useQueryClient();
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const { place, children } = node;
  const empty = place.devices === 0 && place.access_points === 0 && children.length === 0;
  const remove = async () => {
    setBusy(true);
    setError(undefined);
    try {
      const { error: refused } = await rest.DELETE("/api/v1/places/{id}", {
        params: { path: { id: place.id }, header: { "If-Match": `"${place.version}"` } },
      });
      if (refused) throw refused;
      notifyDone(t("removal.done", { name: place.name }));
      onClose();
      onRemoved?.();
    } catch (thrown) {
      setError(thrown);
    } finally {
      setBusy(false);
      void client.invalidateQueries();
    }
  };
  return (
    <Modal opened onClose={onClose} closeButtonProps={{ "aria-label": ui("close") }} title={t(empty ? "removal.title" : "removal.cannot", { name: place.name })}>
      <Stack>
        {error !== undefined && <ProblemAlert error={error} />}
        {empty ? (
          <Text size="sm">{t("removal.text")}</Text>
        ) : (
          <>
            <List size="sm">
              {place.devices > 0 && (
                <List.Item>
                  {t("removal.devices", { count: place.devices })}{" "}
                  <RouteLink to="/devices" search={{ place_id: place.id } as never} size="sm">
                    {t("removal.showDevices")}
                  </RouteLink>
                </List.Item>
              )}
              {place.access_points > 0 && <List.Item>{t("removal.points", { count: place.access_points })}</List.Item>}
              {children.length > 0 && <List.Item>{t("removal.below", { count: children.length })}</List.Item>}
            </List>
            <Text size="sm">{t("removal.first")}</Text>
          </>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} data-autofocus>
            {ui(empty ? "cancel" : "close")}
          </Button>
          {empty && (
            <Button color="red" loading={busy} onClick={() => void remove()}>
              {t("remove")}
            </Button>
          )}
        </Group>
      </Stack>
    </Modal>
  );
}
