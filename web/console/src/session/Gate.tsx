import { Center, Loader } from "@mantine/core";
import { useEffect, type ReactNode } from "react";
import { later } from "../ui/later";
import { Loading } from "../ui/QueryView";
import { session } from "./session";
import { useSession } from "./useSession";

const form = () => import("./ExpiredDialog").then((module) => module.ExpiredDialog);
const ExpiredDialog = later(form);
const SignInPage = later(() => import("./SignInPage").then((module) => module.SignInPage));
const quiet = 10_000;

/** Lets people in. When a session ends while somebody works, the sign-in lies over their work and does not replace it. */
export function Gate({ children }: { children: ReactNode }) {
  const { phase } = useSession();
  useEffect(() => {
    void session.start();
  }, []);
  // Who is in has no need of the form, until their session ends: it is here by then,
  // also when the server was renewed meanwhile and has another one.
  useEffect(() => {
    if (phase !== "in") return;
    const timer = setTimeout(() => void form().catch(() => undefined), quiet);
    return () => clearTimeout(timer);
  }, [phase]);
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
      {phase === "expired" && <ExpiredDialog />}
    </>
  );
}
