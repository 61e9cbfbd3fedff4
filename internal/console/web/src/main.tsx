import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/shell.css";
import { TransportProvider } from "@connectrpc/connect-query";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { I18nProvider } from "react-aria-components/I18nProvider";
import { cache, onSignedOut } from "./api/cache";
import { transport } from "./api/client";
import { language, loadLanguage } from "./i18n";
import { followTheme, getPrefs } from "./lib/prefs";
import { router } from "./router";

followTheme();
onSignedOut(() => {
  const { pathname, href } = router.state.location;
  if (pathname === "/sign-in" || pathname === "/set-up") {
    return;
  }
  cache.clear();
  void router.navigate({ to: "/sign-in", search: { to: href } });
});
const { language: wanted } = getPrefs();
await loadLanguage(wanted === "browser" ? navigator.languages : [wanted]);

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <TransportProvider transport={transport}>
        <QueryClientProvider client={cache}>
          <I18nProvider locale={language}>
            <RouterProvider router={router} />
          </I18nProvider>
        </QueryClientProvider>
      </TransportProvider>
    </StrictMode>,
  );
}
