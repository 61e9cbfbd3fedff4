import { Link, Outlet, useNavigate } from "@tanstack/react-router";
import { CircleUserRound, LogOut, Search, SquarePen } from "lucide-react";
import { lazy, Suspense, useEffect, useState } from "react";
import { t } from "../i18n";
import { getPrefs, setPrefs } from "../lib/prefs";
import { isForKeys } from "../lib/use";
import { Button, ButtonLink } from "../ui/button";
import { Menu, MenuItem } from "../ui/menu";
import { Shortcuts } from "./shortcuts";
import { useSession, useSignOut } from "./session";
import { places } from "./places";

const Palette = lazy(() => import("./palette").then(({ Palette }) => ({ default: Palette })));

function User() {
  const session = useSession();
  const signOut = useSignOut();
  const navigate = useNavigate();
  const name = session?.displayName || session?.email || "";
  return (
    <Menu
      label={t.nav.menu}
      trigger={
        <Button look="quiet">
          <CircleUserRound className="icon" aria-hidden />
          <span className="rail-word line-1"><span className="hidden-visually">{`${t.nav.menu}: `}</span>{name}</span>
        </Button>
      }
    >
      <MenuItem onAction={() => setPrefs({ theme: "system" })}>{`${t.theme.label}: ${t.theme.system}`}</MenuItem>
      <MenuItem onAction={() => setPrefs({ theme: "light" })}>{`${t.theme.label}: ${t.theme.light}`}</MenuItem>
      <MenuItem onAction={() => setPrefs({ theme: "dark" })}>{`${t.theme.label}: ${t.theme.dark}`}</MenuItem>
      <MenuItem onAction={() => void navigate({ to: "/system" })}>{t.nav.system}</MenuItem>
      <MenuItem icon={<LogOut className="icon" aria-hidden />} onAction={() => signOut.mutate({})}>{t.action.signOut}</MenuItem>
    </Menu>
  );
}

// Shell is what stands around every page.
export function Shell() {
  const navigate = useNavigate();
  const [palette, setPalette] = useState(false);
  const [keys, setKeys] = useState(false);

  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") {
        event.preventDefault();
        setPalette((open) => !open);
        return;
      }
      if (!getPrefs().keys || !isForKeys(event)) {
        return;
      }
      switch (event.key) {
        case "c":
          event.preventDefault();
          void navigate({ to: "/write/{-$id}", params: { id: undefined } });
          break;
        case "?":
          setKeys(true);
          break;
        case "/":
          event.preventDefault();
          void navigate({ to: "/posts" }).then(() => document.getElementById("search-posts")?.focus());
          break;
      }
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [navigate]);

  return (
    <div className="shell">
      <a className="skip" href="#content">{t.action.skip}</a>
      <header className="rail">
        <Link to="/" className="brand">
          <span className="brand-sign" />
          <span className="rail-word">{t.app}</span>
        </Link>
        <ButtonLink to="/write/{-$id}" params={{ id: undefined }} look="primary">
          <SquarePen className="icon" aria-hidden />
          <span className="rail-word">{t.action.newPost}</span>
        </ButtonLink>
        <Button look="quiet" onPress={() => setPalette(true)}>
          <Search className="icon" aria-hidden />
          <span className="rail-word grow">{t.palette.short}</span>
          <kbd className="rail-word">{"Ctrl K"}</kbd>
        </Button>
        <nav aria-label={t.nav.label}>
          {places.map(({ to, word, icon: Icon }) => (
            <Link key={to} to={to} className="place" activeOptions={{ exact: to === "/" }}>
              <Icon className="icon" aria-hidden />
              <span className="place-word">{word()}</span>
            </Link>
          ))}
        </nav>
        <div className="rail-foot"><User /></div>
      </header>
      <main id="content" tabIndex={-1}><Outlet /></main>
      {palette && (
        <Suspense fallback={null}><Palette isOpen onClose={() => setPalette(false)} onKeys={() => setKeys(true)} /></Suspense>
      )}
      <Shortcuts isOpen={keys} onClose={() => setKeys(false)} />
    </div>
  );
}
