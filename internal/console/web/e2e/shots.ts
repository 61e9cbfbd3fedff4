// Pictures of every page, to be looked at: `npx vitest run --config e2e/shots.config.ts`. They go to e2e/shots, which is not committed.
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { it } from "vitest";
import { arm, chromiumPath, startDemo } from "./demo";

const pages = [
  ["home", ""], ["calendar", "calendar?view=month"], ["week", "calendar?view=week"], ["posts", "posts"], ["numbers", "numbers"], ["accounts", "accounts"],
  ["settings", "settings"], ["notifications", "settings/notifications"], ["webhooks", "settings/webhooks"], ["system", "system"],
] as const;

it("takes pictures", async () => {
  const demo = await startDemo();
  const browser = await chromium.launch({ executablePath: chromiumPath(), args: ["--no-sandbox"] });
  const context = await browser.newContext({ locale: process.env["SHOTS_LOCALE"] ?? "en-GB", timezoneId: "Europe/Berlin", reducedMotion: "reduce" });
  const page = await context.newPage();
  await page.goto(demo.link);
  await page.waitForURL(`${demo.url}/`);
  const call = (method: string, body: unknown) => page.evaluate(async ([name, content]) => {
    const answer = await fetch(`/postwright.v1.PostService/${name}`, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(content),
    });
    return await answer.json() as { post: { id: string } };
  }, [method, body] as const);
  const write = async (content: string, hashtags: string[] = []) => (await call("CreatePost", { post: { content, hashtags } })).post.id;
  const shown: string[] = [];
  for (const [i, content] of ["Three things I learned from a year of restore drills", "Why we stopped estimating", "We are hiring a second engineer for storage"].entries()) {
    const id = await write(`${content}\n\nThe first surprise: nobody had ever tried it.\nThe second: it took four hours.\nThe third is why I write this #backups`, ["sre"]);
    await call("SchedulePost", { id, scheduledTime: new Date(Date.now() + (i + 1) * 86_400_000 + 3_600_000).toISOString(), timeZone: "Europe/Berlin" });
    shown.push(id);
  }
  const draft = await write("A draft that is not finished yet. We are really very proud of our restore drills, in order to trust a backup you have to restore it. https://example.org/drills #backups");
  for (const [content, mode, value] of [["What an outage at night taught us", "accept_then_drop"], ["Five questions before you buy a tool", "status", "400"]] as const) {
    await arm(demo, mode, value);
    const id = await write(content);
    await call("PublishPost", { id });
    await page.goto(`${demo.url}/posts/${id}`);
    await page.locator(mode === "status" ? ".tone-red" : ".tone-amber").first().waitFor();
    shown.push(id);
  }
  const all: [string, string][] = [...pages.map(([name, path]): [string, string] => [name, path]), ["write", `write/${draft}`], ["post", `posts/${shown[0] ?? ""}`],
    ["doubt", `posts/${shown[3] ?? ""}`], ["failed", `posts/${shown[4] ?? ""}`]];
  for (const width of [1280, 360, 2560]) {
    for (const colorScheme of ["light", "dark"] as const) {
      await page.setViewportSize({ width, height: width === 360 ? 740 : 800 });
      await page.emulateMedia({ colorScheme });
      for (const [name, path] of all) {
        await page.goto(`${demo.url}/${path}`);
        await page.locator("h1").first().waitFor();
        await page.locator("[aria-busy=true]").first().waitFor({ state: "detached" });
        await page.waitForTimeout(400); // these are pictures, not tests
        await page.screenshot({ path: fileURLToPath(new URL(`shots/${name}-${width}-${colorScheme}.png`, import.meta.url)) });
      }
    }
  }
  await browser.close();
  await demo.stop();
});
