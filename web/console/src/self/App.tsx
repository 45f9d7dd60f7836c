import { Button, Center, Loader, Stack } from "@mantine/core";
import { Suspense, useEffect } from "react";
import { Link, Route, Switch } from "wouter";
import { useT } from "../i18n/strings";
import { Frame } from "./Frame";
import { HomePage } from "./pages/HomePage";
import { SignIn } from "./SignIn";
import { selfScreens, type SelfScreen } from "./screens";
import { session, useSelf } from "./session";
import { selfStrings } from "./strings";

export function App() {
  useEffect(() => void session.start(), []);
  return (
    <Suspense fallback={<Waiting />}>
      <Switch>
        <Route path="/">
          <HomePage />
        </Route>
        {selfScreens.map((screen) => (
          <Route key={screen.path} path={screen.path}>
            <Screen screen={screen} />
          </Route>
        ))}
        <Route>
          <NoScreen />
        </Route>
      </Switch>
    </Suspense>
  );
}

function Screen({ screen }: { screen: SelfScreen }) {
  const t = useT(selfStrings);
  const { phase } = useSelf();
  if (phase === "starting") return <Waiting />;
  return (
    <Frame wall={screen.wall} title={screen.signedIn && phase === "out" ? t("signIn.title") : t(`screens.${screen.name}`)}>
      {screen.signedIn && phase === "out" ? <SignIn /> : <screen.page />}
    </Frame>
  );
}

function Waiting() {
  const t = useT(selfStrings);
  return (
    <Center mih="100vh" role="status" aria-busy="true" aria-label={t("loading")}>
      <Loader aria-hidden />
    </Center>
  );
}

function NoScreen() {
  const t = useT(selfStrings);
  return (
    <Frame title={t("noScreen")}>
      <Stack>
        <Button component={Link} href="/" size="lg">
          {t("home")}
        </Button>
      </Stack>
    </Frame>
  );
}
