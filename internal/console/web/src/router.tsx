// The addresses of the pages. Each page is loaded when somebody goes there.
import {
  createRootRoute, createRoute, createRouter, lazyRouteComponent, Outlet, redirect, type ErrorComponentProps,
} from "@tanstack/react-router";
import { isUnauthenticated } from "./api/problem";
import { t } from "./i18n";
import { postsSearch } from "./pages/posts-search";
import { ensureSession } from "./shell/session";
import { Shell } from "./shell/shell";
import { ButtonLink } from "./ui/button";
import { Notices } from "./ui/notices";
import { ProblemNote, Skeleton } from "./ui/problem";

const root = createRootRoute({
  component: () => (
    <>
      <Outlet />
      <Notices />
    </>
  ),
  // A link that signs in may lead to any page: what opens it stands behind the #.
  beforeLoad: ({ location }) => {
    if (location.hash.startsWith("token=") && location.pathname !== "/sign-in" && location.pathname !== "/set-up") {
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- the router's own way to lead elsewhere
      throw redirect({ to: "/sign-in", search: { to: location.pathname }, hash: location.hash, replace: true });
    }
  },
});

const text = (value: unknown) => (typeof value === "string" ? value : "");

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: (search): { to?: string } => {
    const to = text(search["to"]);
    // Only an address of these pages: "//elsewhere.example" is another's.
    return /^\/(?![/\\])/.test(to) ? { to } : {};
  },
  component: lazyRouteComponent(() => import("./pages/sign-in"), "SignIn"),
});

const setUp = createRoute({
  getParentRoute: () => root,
  path: "/set-up",
  component: lazyRouteComponent(() => import("./pages/set-up"), "SetUp"),
});

const signedIn = createRoute({
  getParentRoute: () => root,
  id: "signed-in",
  beforeLoad: async ({ location }) => {
    try {
      await ensureSession();
    } catch (error) {
      if (isUnauthenticated(error)) {
        // eslint-disable-next-line @typescript-eslint/only-throw-error -- the router's own way to lead elsewhere
        throw redirect({ to: "/sign-in", search: location.href === "/" ? {} : { to: location.href } });
      }
      throw error;
    }
  },
  component: Shell,
});

const posts = createRoute({
  getParentRoute: () => signedIn,
  path: "/posts",
  validateSearch: postsSearch,
  component: lazyRouteComponent(() => import("./pages/posts"), "Posts"),
});

const home = createRoute({
  getParentRoute: () => signedIn,
  path: "/",
  component: lazyRouteComponent(() => import("./pages/home"), "Home"),
});

const post = createRoute({
  getParentRoute: () => signedIn,
  path: "/posts/$id",
  component: lazyRouteComponent(() => import("./pages/post"), "PostPage"),
});

const write = createRoute({
  getParentRoute: () => signedIn,
  path: "/write/{-$id}",
  component: lazyRouteComponent(() => import("./pages/write"), "Write"),
});

const calendar = createRoute({
  getParentRoute: () => signedIn,
  path: "/calendar",
  validateSearch: (search): { view?: "month" | "week" | "list"; date?: string } => {
    const view = text(search["view"]);
    const date = text(search["date"]);
    return {
      ...((view === "month" || view === "week" || view === "list") && { view }),
      ...(/^\d{4}-\d{2}-\d{2}$/.test(date) && { date }),
    };
  },
  component: lazyRouteComponent(() => import("./pages/calendar"), "Calendar"),
});

const numbers = createRoute({
  getParentRoute: () => signedIn,
  path: "/numbers",
  validateSearch: (search): { account?: string } => (text(search["account"]) === "" ? {} : { account: text(search["account"]) }),
  component: lazyRouteComponent(() => import("./pages/numbers"), "Numbers"),
});

const accounts = createRoute({
  getParentRoute: () => signedIn,
  path: "/accounts",
  component: lazyRouteComponent(() => import("./pages/accounts"), "Accounts"),
});

const settings = createRoute({
  getParentRoute: () => signedIn,
  path: "/settings/{-$section}",
  component: lazyRouteComponent(() => import("./pages/settings"), "Settings"),
});

const system = createRoute({
  getParentRoute: () => signedIn,
  path: "/system",
  component: lazyRouteComponent(() => import("./pages/system"), "System"),
});

export const router = createRouter({
  routeTree: root.addChildren([
    signIn, setUp, signedIn.addChildren([home, posts, post, write, calendar, numbers, accounts, settings, system]),
  ]),
  defaultPreload: "intent",
  defaultPreloadStaleTime: 0,
  scrollRestoration: true,
  defaultPendingMs: 150,
  defaultPendingComponent: () => <Skeleton />,
  defaultErrorComponent: PageProblem,
  defaultNotFoundComponent: NotFound,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}

function PageProblem({ error, reset }: ErrorComponentProps) {
  return (
    <main className="alone stack">
      <h1>{t.problem.page}</h1>
      <ProblemNote
        error={error}
        retry={() => {
          reset();
          void router.invalidate();
        }}
      />
    </main>
  );
}

function NotFound() {
  return (
    <main className="alone stack">
      <h1>{t.problem.notFound}</h1>
      <div><ButtonLink to="/">{t.problem.home}</ButtonLink></div>
    </main>
  );
}
