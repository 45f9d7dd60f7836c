import { Anchor, Center, Image, Paper, Stack, Text, Title } from "@mantine/core";
import { useEffect } from "react";
import { language, setLanguage } from "../i18n/i18n";
import { useT } from "../i18n/strings";
import { SignInForm } from "./SignInForm";
import { sessionStrings } from "./strings";

export function SignInPage() {
  const t = useT(sessionStrings);
  useEffect(() => {
    document.title = `${t("title")} · Wardline`;
  }, [t]);
  const other = language() === "en" ? "de" : "en";
  return (
    <Center component="main" mih="100vh" p="md">
      <Stack w="100%" maw={380} gap="lg">
        <Stack gap={4} align="center">
          <Image src="/favicon.svg" alt="" w={48} h={48} />
          {/* eslint-disable-next-line i18next/no-literal-string -- the product's name is the same in each language */}
          <Title order={1} size="h2">Wardline</Title>
          <Text c="dimmed">{t("about")}</Text>
        </Stack>
        <Paper withBorder p="lg" radius="md">
          <SignInForm />
        </Paper>
        <Anchor component="button" type="button" size="sm" lang={other} onClick={() => setLanguage(other)} ta="center">
          {t("language")}
        </Anchor>
      </Stack>
    </Center>
  );
}
