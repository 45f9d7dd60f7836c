import { Anchor, Center, Loader, Modal, Stack, Text } from "@mantine/core";
import { useEffect, type ReactNode } from "react";
import { useT } from "../i18n/strings";
import { Loading } from "../ui/QueryView";
import { session } from "./session";
import { SignInForm } from "./SignInForm";
import { SignInPage } from "./SignInPage";
import { sessionStrings } from "./strings";
import { useSession } from "./useSession";

/** Lets people in. When a session ends while somebody works, the sign-in lies over their work and does not replace it. */
export function Gate({ children }: { children: ReactNode }) {
  const { phase } = useSession();
  useEffect(() => {
    void session.start();
  }, []);
  if (phase === "starting") {
    return (
      <Center mih="100vh">
        <Loading>
          <Loader aria-hidden />
        </Loading>
      </Center>
    );
  }
  if (phase === "out") return <SignInPage />;
  return (
    <>
      {children}
      <ExpiredDialog open={phase === "expired"} />
    </>
  );
}

function ExpiredDialog({ open }: { open: boolean }) {
  const t = useT(sessionStrings);
  const { me } = useSession();
  return (
    <Modal
      opened={open}
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
