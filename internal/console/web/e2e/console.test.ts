// What people do in the console, in Chromium, against the demo's own services.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { AxeResults } from "axe-core";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { arm, chromiumPath, startDemo, type Demo } from "./demo";

let demo: Demo;
let browser: Browser;
let context: BrowserContext;
let page: Page;
const wrongs: string[] = []; // what the browser complained of
const closers: (() => Promise<void>)[] = [];
const strangers: string[] = []; // requests that left this machine

function watch(opened: Page) {
  opened.on("console", (message) => {
    if (message.type() === "error" && !message.text().includes("the server responded with a status of")) {
      wrongs.push(message.text());
    }
  });
  opened.on("pageerror", (error) => wrongs.push(String(error)));
  opened.on("request", (request) => {
    if (!request.url().startsWith(demo.url) && !request.url().startsWith(demo.vendors)) { // the sandbox asks for consent as LinkedIn does
      strangers.push(request.url());
    }
  });
  opened.setDefaultTimeout(20_000);
  return opened;
}

beforeAll(async () => {
  demo = await startDemo();
  closers.push(demo.stop);
  browser = await chromium.launch({ executablePath: chromiumPath(), args: ["--no-sandbox"] });
  closers.push(() => browser.close());
  context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: "en-GB", timezoneId: "Europe/Berlin", reducedMotion: "reduce" });
  page = watch(await context.newPage());
});

afterEach(async ({ task }) => {
  if (task.result?.state === "fail") { // what it looked like
    await page.screenshot({ path: fileURLToPath(new URL("shots/failed.png", import.meta.url)), fullPage: true });
  }
});

afterAll(async () => {
  for (const close of closers.reverse()) {
    await close();
  }
});

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

// audit holds a page against WCAG 2.2 AA.
async function audit(name: string) {
  await page.evaluate(axeSource);
  const { violations } = await page.evaluate(() =>
    (globalThis as unknown as { axe: { run: (options: unknown) => Promise<AxeResults> } }).axe.run({
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }));
  const told = violations.map(({ id, help, nodes }) => ({ id, help, where: nodes.map(({ html, failureSummary }) => `${html} ${failureSummary ?? ""}`) }));
  expect.soft(told, name).toEqual([]);
}

const text = (content: string) => page.getByText(content, { exact: false }).first();
const button = (name: string) => page.getByRole("button", { name, exact: true });

// draft writes a post and waits until it is saved; it gives the post's id.
async function draft(content: string): Promise<string> {
  await page.goto(`${demo.url}/write`);
  await page.getByLabel("Text of the post").fill(content);
  await page.getByText(/^Saved \d\d:\d\d$/).waitFor();
  await page.waitForURL(/\/write\/[0-9a-f-]{36}$/);
  return page.url().split("/").at(-1) ?? "";
}

async function publish() {
  await button("Publish now").click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Publish now" }).click();
}

it("leads a stranger to the sign-in page, and says what is wrong with a password", async () => {
  await page.goto(`${demo.url}/posts?state=%5B%22draft%22%5D`);
  await page.waitForURL(/\/sign-in\?to=/);
  await audit("sign in");
  await page.getByLabel("E-mail").fill("nobody@example.org");
  await page.getByLabel("Password").fill("not the password");
  await button("Sign in").click();
  await page.getByRole("alert").waitFor();
  await page.goto(`${demo.url}/set-up`);
  await text("This page needs the link").waitFor();
  await page.goto("about:blank");
  await page.goto(`${demo.url}/set-up#token=not-the-token`);
  await page.getByLabel("E-mail").fill("ada@example.org");
  await page.getByLabel("Password").fill("correct horse battery");
  await audit("set up");
  await button("Set up").click();
  await page.getByRole("alert").waitFor();
  expect(page.url()).toBe(`${demo.url}/set-up`);
});

it("speaks German to whom the browser says so", async () => {
  const german = watch(await (await browser.newContext({ locale: "de-DE" })).newPage());
  await german.goto(`${demo.url}/sign-in`);
  await german.getByRole("heading", { name: "Anmelden" }).waitFor();
  expect(await german.locator("html").getAttribute("lang")).toBe("de");
  await german.context().close();
});

it("signs in by the link, once, and keeps the token out of the address", async () => {
  await page.goto(demo.link);
  await page.getByRole("heading", { name: "Home" }).waitFor();
  expect(page.url()).toBe(`${demo.url}/`);
  const again = watch(await (await browser.newContext()).newPage());
  await again.goto(demo.link);
  await again.getByRole("alert").waitFor();
  await again.context().close();
});

it("writes a post, takes a suggestion, and keeps it by itself", async () => {
  await page.keyboard.press("c");
  await page.waitForURL(`${demo.url}/write`);
  await page.getByLabel("Text of the post").fill("In order to trust a backup you have to restore it. We are really very proud of our restore drills 🎉");
  await text("2,900 left").waitFor();
  await page.getByText(/^Saved/).waitFor();
  await text("It would go out as it is").waitFor();
  await button("Improve").click();
  await button("Shorter").click();
  await page.locator("ins").first().waitFor();
  await audit("write");
  await button("Take all").click();
  await page.getByText(/^Saved/).waitFor();
  expect(await page.getByLabel("Text of the post").inputValue()).toMatch(/^To trust a backup/);
  await page.reload();
  expect(await page.getByLabel("Text of the post").inputValue()).toMatch(/^To trust a backup/);
});

it("schedules it, moves it and makes it a draft again", async () => {
  await button("Schedule").click();
  await page.getByLabel("Day").fill("2027-03-29");
  await page.getByLabel("Time", { exact: true }).fill("09:30");
  await audit("schedule");
  await page.getByRole("dialog").getByRole("button", { name: "Schedule" }).click();
  await page.waitForURL(/\/posts\//);
  await page.getByText("Scheduled", { exact: true }).waitFor();
  await page.getByText(/29 Mar.* 09:30/).first().waitFor();
  await button("Change the time").click();
  await page.getByLabel("Day").fill("2027-03-28");
  await page.getByLabel("Time", { exact: true }).fill("02:30"); // the hour that Berlin's clocks skip
  await page.getByRole("dialog").getByRole("button", { name: "Schedule" }).click();
  await page.getByRole("dialog").getByRole("alert").waitFor();
  await page.keyboard.press("Escape");
  await button("Cancel the schedule").click();
  await page.getByText("Draft", { exact: true }).waitFor();
});

it("publishes it and sees it arrive without a reload", async () => {
  await publish();
  await page.getByText("Published", { exact: true }).waitFor();
  await page.getByRole("link", { name: "Open on LinkedIn" }).waitFor();
  await text("LinkedIn took it").waitFor();
  await button("Ask LinkedIn now").click();
  await page.locator(".figures").waitFor();
  await audit("a published post");
});

it("settles a doubt in two clicks", async () => {
  await arm(demo, "accept_then_drop");
  await draft("Nobody knows whether this one arrived.");
  await publish();
  await text("Nobody knows yet whether it is on LinkedIn").waitFor();
  await audit("a doubt");
  await button("It is there").click();
  await button("Say that it is there").click();
  await page.getByText("Published", { exact: true }).waitFor();
  await text("You said that it is there").waitFor();
});

it("mends a post that was refused, and sends it again", async () => {
  await arm(demo, "status", "400");
  const id = await draft("This one is refused at first.");
  await publish();
  await page.getByText("Not sent", { exact: true }).waitFor();
  await audit("a post that was refused");
  await page.goto(demo.url);
  await page.getByRole("heading", { name: "Needs you" }).waitFor();
  await page.getByRole("link", { name: "Mend it" }).first().click();
  await page.waitForURL(`${demo.url}/posts/${id}`);
  await button("Publish again").click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Publish now" }).click();
  await page.getByText("Published", { exact: true }).waitFor();
});

it("loses nothing when two write one post", async () => {
  const id = await draft("One post, two authors.");
  const other = watch(await context.newPage());
  await other.goto(`${demo.url}/write/${id}`);
  await other.getByLabel("Text of the post").fill("One post, two authors. Hers.");
  await other.getByText(/^Saved/).waitFor();
  await page.getByLabel("Text of the post").fill("One post, two authors. His.");
  await page.getByText(/was changed elsewhere/).waitFor();
  await audit("a conflict");
  await button("Keep mine").click();
  await page.getByText(/^Saved/).waitFor();
  expect(await page.getByLabel("Text of the post").inputValue()).toBe("One post, two authors. His.");
  await page.goto(`${demo.url}/posts/${id}`);
  await text("One post, two authors. His.").waitFor();
  await button("Show the change").first().click();
  await page.locator("ins", { hasText: "His" }).waitFor();
  await other.close();
});

it("finds, selects and acts on many posts", async () => {
  for (const n of [1, 2, 3]) {
    await draft(`Many at once, number ${n}.`);
  }
  await page.goto(`${demo.url}/posts`);
  await page.getByRole("searchbox", { name: "Search posts" }).fill("many at once");
  await page.waitForURL(/q=many/);
  await page.getByText("Many at once, number 1.").waitFor();
  await audit("posts");
  await page.getByLabel("Select all that are shown").check();
  await button("Publish").click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Publish now" }).click();
  await text("3 of 3 through").waitFor();
  await audit("the progress of many");
  await page.getByRole("dialog").getByRole("button", { name: "Close" }).click();
  await page.getByLabel("Select all that are shown").check();
  await button("Delete").click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Delete" }).click();
  await text("No post fits").waitFor();
});

it("makes drafts of a file of 200 rows, all or none", async () => {
  const csv = (rows: string[]) => ({ name: "posts.csv", mimeType: "text/csv", buffer: Buffer.from(["content,hashtags", ...rows].join("\n")) });
  const rows = Array.from({ length: 200 }, (_, i) => `"Imported, number ${i + 1}.",backups`);
  await page.goto(`${demo.url}/posts`);
  await button("Import CSV").click();
  await page.getByLabel("File").setInputFiles(csv([...rows.slice(0, 4), `${"x".repeat(3001)},`, ...rows.slice(5)]));
  await button("Make 200 drafts").click();
  await text("row 6: content").waitFor();
  await audit("an import that is refused");
  await page.getByLabel("File").setInputFiles(csv(rows));
  await button("Make 200 drafts").click();
  await text("200 drafts made").waitFor();
  await page.getByText("Imported, number 200.").waitFor();
  const download = page.waitForEvent("download");
  await button("Save as CSV").click();
  const saved = readFileSync(await (await download).path(), "utf8");
  expect(saved).toContain('"Imported, number 200.",backups');
});

it("goes everywhere by keyboard", async () => {
  await page.goto(demo.url);
  await page.getByRole("heading", { name: "Home" }).waitFor();
  await page.keyboard.press("Control+k");
  await page.getByRole("searchbox", { name: "Go to or do" }).waitFor();
  await page.keyboard.type("restore");
  await page.getByRole("menuitem", { name: /proud: our nightly backups/ }).waitFor();
  await audit("the palette");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/posts\/[0-9a-f-]{36}/);
  await page.goto(`${demo.url}/posts`);
  await page.locator("a.post-link").first().waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("x");
  await text("1 post selected").waitFor();
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/posts\/[0-9a-f-]{36}/);
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keys" }).waitFor();
  await page.keyboard.press("Escape");
});

it("moves a scheduled post in the calendar", async () => {
  await draft("To be moved by hand.");
  await button("Schedule").click();
  await page.getByLabel("Day").fill("2027-05-11");
  await page.getByLabel("Time", { exact: true }).fill("09:00");
  await page.getByRole("dialog").getByRole("button", { name: "Schedule" }).click();
  await page.waitForURL(/\/posts\//);
  await page.goto(`${demo.url}/calendar?view=month&date=2027-05-15`);
  const card = page.getByText("To be moved by hand.");
  await card.waitFor();
  await audit("the calendar");
  const from = await card.boundingBox();
  expect(from).not.toBeNull();
  if (from) {
    await page.mouse.move(from.x + 20, from.y + 5);
    await page.mouse.down();
    await page.mouse.move(from.x + 60, from.y + 10, { steps: 5 });
    await page.mouse.move(from.x + 20 + 1.0 * (await columnWidth()), from.y + 5, { steps: 10 });
    await page.mouse.up();
  }
  await text("Moved to 12 May").waitFor();
  await button("Undo").click();
  await page.getByText("Moved to 12 May").waitFor({ state: "detached" });
});

async function columnWidth(): Promise<number> {
  return page.evaluate(() => (document.querySelector(".calendar")?.clientWidth ?? 0) / 7);
}

it.each([
  ["", "Home"], ["calendar?view=week", "Calendar"], ["calendar?view=list", "Calendar"], ["posts", "Posts"], ["numbers", "Numbers"],
  ["accounts", "Accounts"], ["settings", "Settings"], ["settings/notifications", "Settings"], ["settings/webhooks", "Settings"],
  ["system", "System"], ["write", "Write"],
])("shows /%s to everybody, in light and dark, small and large", async (path, heading) => {
  for (const colorScheme of ["light", "dark"] as const) {
    for (const width of [360, 1280, 2560]) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme });
      await page.goto(`${demo.url}/${path}`);
      await page.getByRole("heading", { name: heading, exact: true, level: 1 }).waitFor();
      await page.locator("[aria-busy=true]").first().waitFor({ state: "detached" });
      if (width < 2560) { // where only the space around things is another
        await audit(`/${path} at ${width} px, ${colorScheme}`);
      }
      // Nothing is wider than the window.
      expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBe(0);
    }
  }
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.emulateMedia({ colorScheme: "light" });
});

it("asks the same number of calls whatever a page shows", async () => {
  const calls: string[] = [];
  const count = (request: { url: () => string }) => {
    if (request.url().includes("/postwright.v1.")) {
      calls.push(request.url().split("/").at(-1) ?? "");
    }
  };
  page.on("request", count);
  await page.goto(`${demo.url}/posts`);
  await page.locator("a.post-link").first().waitFor();
  await page.waitForLoadState("networkidle");
  page.off("request", count);
  expect(calls.sort()).toEqual(["GetSession", "ListAccounts", "ListPosts"]);
});

it("sets a message's quiet hours, and keeps a webhook's secret from being shown twice", async () => {
  await page.goto(`${demo.url}/settings/notifications`);
  await page.getByLabel("Quiet hours: tell me when they are over").check();
  await page.getByLabel("From").fill("21:30");
  await button("Save").click();
  await text("Saved").waitFor();
  await page.reload();
  expect(await page.getByLabel("From").inputValue()).toBe("21:30");
  await page.goto(`${demo.url}/settings/webhooks`);
  await page.getByRole("button", { name: "Add an endpoint" }).click();
  await page.getByLabel("Address").fill("https://example.org/hooks");
  await page.getByRole("dialog").getByRole("button", { name: "Add an endpoint" }).click();
  await page.locator(".secret", { hasText: "whsec_" }).waitFor();
  await audit("the secret of a webhook");
  await button("I have kept it").click();
  await page.reload();
  await button("Deliveries").waitFor();
  expect(await page.getByText("whsec_").count()).toBe(0);
});

it("connects an account by consent", async () => {
  await page.goto(`${demo.url}/accounts`);
  await button("Connect again").first().click();
  await audit("connecting");
  await button("Go to LinkedIn").click();
  await page.getByText("Members are asked for other scopes").waitFor(); // the demo's own token has more
  await button("Go to LinkedIn").click();
  await page.waitForURL(/\/oauth\/linkedin\/callback/);
  await page.getByRole("link", { name: "Your accounts" }).click();
  await page.getByText(/days left/).waitFor();
});

it("signs out", async () => {
  await page.goto(demo.url);
  await page.getByRole("button", { name: /You and this browser/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.waitForURL(/\/sign-in/);
  await page.goto(`${demo.url}/posts`);
  await page.waitForURL(/\/sign-in/);
});

it("gave the browser nothing to complain of, and asked nobody else", () => {
  expect(wrongs).toEqual([]);
  expect(strangers).toEqual([]);
});
