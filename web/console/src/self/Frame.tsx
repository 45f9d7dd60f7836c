import { Alert, Anchor, Button, Group, Image, Stack, Text, Title } from "@mantine/core";
import { useEffect, useRef, type ReactNode } from "react";
import { Link, useLocation } from "wouter";
import { language, setLanguage } from "../i18n/i18n";
import { useT } from "../i18n/strings";
import { open } from "./client";
import { session, useSelf } from "./session";
import { selfStrings } from "./strings";
import { useOnline } from "./useOnline";

/** What stands around every screen: whose it is, the way back, the language, and whom to call. */
export function Frame({ title, children, home = false, wall = false }: { title: string; children: ReactNode; home?: boolean; wall?: boolean }) {
  const t = useT(selfStrings);
  const online = useOnline();
  const heading = useRef<HTMLHeadingElement>(null);
  const [address] = useLocation();
  useEffect(() => {
    document.title = `${title} · Wardline`;
  }, [title]);
  // Whoever cannot see that another screen came hears it.
  useEffect(() => {
    if (!home && !wall) heading.current?.focus();
  }, [address, home, wall]);
  return (
    <Stack maw={wall ? 1600 : 520} w="100%" mx="auto" mih="100dvh" p="md" gap="lg">
      {!wall && <Header home={home} />}
      {!online && (
        <Alert role="status" color="orange" variant="light" title={t("offline.title")}>
          {t("offline.about")}
        </Alert>
      )}
      <Stack component="main" gap="md" flex={1}>
        <Title order={1} size="h2" ref={heading} tabIndex={-1} style={{ outline: "none" }}>
          {title}
        </Title>
        {children}
      </Stack>
      <Footer />
    </Stack>
  );
}

function Header({ home }: { home: boolean }) {
  const t = useT(selfStrings);
  const { phase } = useSelf();
  const about = open.useQuery("get", "/api/v1/self/about");
  return (
    <Group component="header" justify="space-between" wrap="nowrap" mih={44}>
      {home ? (
        <Group gap="xs" wrap="nowrap">
          <Image src="/self/favicon.svg" alt="" w={32} h={32} />
          <Text fw={600}>{about.data?.organization}</Text>
        </Group>
      ) : (
        <Button component={Link} href="/" variant="subtle" px="xs" ml={-8}>
          {t("back")}
        </Button>
      )}
      {phase === "in" && (
        <Button variant="subtle" px="xs" mr={-8} onClick={() => void session.signOut()}>
          {t("signOut")}
        </Button>
      )}
    </Group>
  );
}

function Footer() {
  const t = useT(selfStrings);
  const other = language() === "en" ? "de" : "en";
  return (
    <Group component="footer" justify="space-between" py="xs">
      <HelpPhone />
      <Anchor component="button" type="button" lang={other} py={6} onClick={() => setLanguage(other)}>
        {t("language")}
      </Anchor>
    </Group>
  );
}

/** Whom to call, one tap away; nothing where the operator has named nobody. */
export function HelpPhone() {
  const t = useT(selfStrings);
  const phone = open.useQuery("get", "/api/v1/self/about").data?.help_phone;
  if (!phone) return <span />;
  return (
    <Anchor href={`tel:${phone.replace(/[^+0-9]/g, "")}`} py={6}>
      {t("call", { phone })}
    </Anchor>
  );
}
