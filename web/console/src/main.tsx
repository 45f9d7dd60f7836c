import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { setNonce } from "get-nonce";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { problemOf } from "./api/problem";
import { live } from "./app/live";
import { router } from "./app/router";
import { cssVariables, theme } from "./app/theme";
import i18next from "./i18n/i18n";
import { Gate } from "./session/Gate";
import { NotificationCorner } from "./ui/NotificationCorner";

// Style sheets that libraries make at run time carry the nonce of the page's
// Content-Security-Policy; there are no inline scripts and no other inline styles.
const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? "";
setNonce(nonce);

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      // While the event stream is up it says when to read again; while it is down
      // the active lists are read every half minute.
      refetchInterval: () => (live.snapshot() === "on" ? false : 30_000),
      retry: (failures, error) => failures < 2 && (problemOf(error).status ?? 500) >= 500,
    },
  },
});

// The server's sentences come in the language of the reader: in another one they are read anew.
i18next.on("languageChanged", () => void queries.invalidateQueries());

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto" getStyleNonce={() => nonce}>
      <NotificationCorner />
      <QueryClientProvider client={queries}>
        <Gate>
          <RouterProvider router={router} />
        </Gate>
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
