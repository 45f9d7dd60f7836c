import { Alert, Button, Group, Modal, Stack } from "@mantine/core";
import { useT } from "../../i18n/strings";
import { RouteButton } from "../../ui/RouteLink";
import { SecretOnce } from "../../ui/SecretOnce";
import { Time } from "../../ui/Time";
import { peopleStrings } from "./strings";

export interface Link {
  token: string;
  endsAt: string | null | undefined;
}

interface Props {
  name: string;
  link: Link;
  /** Leads to the person's page, where one is not there already. */
  personID?: string;
  onClose: () => void;
}

/** The link with which somebody chooses a password. The token stands behind the #, which no server logs. */
export function SetupLink({ name, link, personID, onClose }: Props) {
  const t = useT(peopleStrings);
  const address = `${location.origin}/setup?account#${link.token}`;
  return (
    <Modal opened onClose={onClose} title={t("link.title", { name })} closeOnClickOutside={false} withCloseButton={false} size="lg">
      <Stack>
        {link.token ? (
          <SecretOnce label={t("link.label")} value={address}>
            {t("link.text", { name })} <Time at={link.endsAt} as="clock" />
          </SecretOnce>
        ) : (
          <Alert color="orange">{t("link.again")}</Alert>
        )}
        <Group justify="flex-end">
          {personID && (
            <RouteButton to={`/people/${personID}`} variant="default">
              {t("link.open", { name })}
            </RouteButton>
          )}
          <Button variant="default" onClick={onClose}>
            {t("link.done")}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
