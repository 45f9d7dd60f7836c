import "./styles";
import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { setNonce } from "get-nonce";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Router } from "wouter";
import { problemOf } from "../api/problem";
import { cssVariables, theme } from "../app/theme";
import i18next from "../i18n/i18n";
import { App } from "./App";

const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? "";
setNonce(nonce);

const queries = new QueryClient({
  defaultOptions: { queries: { staleTime: 10_000, retry: (failures, error) => failures < 2 && (problemOf(error).status ?? 500) >= 500 } },
});
i18next.on("languageChanged", () => void queries.invalidateQueries());

// The shell is kept for a moment without network. Without a service worker, as in a
// private window of some browsers, everything works but that.
if ("serviceWorker" in navigator) void navigator.serviceWorker.register("/self/sw.js", { scope: "/self" }).catch(() => undefined);

const root = document.getElementById("root");
if (!root) throw new Error("self.html has no #root");
createRoot(root).render(
  <StrictMode>
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto" getStyleNonce={() => nonce}>
      <QueryClientProvider client={queries}>
        <Router base="/self">
          <App />
        </Router>
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
