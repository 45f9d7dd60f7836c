import { Anchor, Modal, Stack, Text } from "@mantine/core";
import { useT } from "../i18n/strings";
import { SignInForm } from "./SignInForm";
import { sessionStrings } from "./strings";
import { useSession } from "./useSession";

/** Lies over the work of somebody whose session has ended, until they are in again. */
export function ExpiredDialog() {
  const t = useT(sessionStrings);
  const { me } = useSession();
  return (
    <Modal
      opened
      onClose={() => undefined}
      withCloseButton={false}
      closeOnEscape={false}
      closeOnClickOutside={false}
      centered
      zIndex={1000}
      title={t("expiredTitle")}
    >
      <Stack>
        <Text size="sm">{t("expiredAbout")}</Text>
        <SignInForm username={me?.username} />
        <Anchor component="button" type="button" size="sm" onClick={() => location.assign("/")}>
          {t("other")}
        </Anchor>
      </Stack>
    </Modal>
  );
}
