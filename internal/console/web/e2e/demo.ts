// The demo, started for the tests: a private PostgreSQL, the vendors' sandbox and Postwright, all on this machine.
import { spawn, type ChildProcess } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export interface Demo {
  url: string;
  // Signs in, once.
  link: string;
  vendors: string;
  stop: () => Promise<void>;
}

const root = fileURLToPath(new URL("../../../..", import.meta.url));

// CONSOLE_E2E_BIN is a program that is built already; without it the tree's is built.
const command = (): [string, string[]] => {
  const built = process.env["CONSOLE_E2E_BIN"];
  return built === undefined ? ["go", ["run", "./cmd/postwright"]] : [built, []];
};

export async function startDemo(): Promise<Demo> {
  const dir = mkdtempSync(join(tmpdir(), "postwright-e2e-"));
  chmodSync(dir, 0o755); // root's PostgreSQL runs as another user
  const [program, args] = command();
  // A process group of its own: `go run` hands no signal on, and so does not end what it has started.
  const child = spawn(program, [...args, "demo", "--dir", dir, "--listen", "127.0.0.1:0"], { cwd: root, stdio: ["ignore", "pipe", "pipe"], detached: true });
  let said = "";
  const found = await new Promise<Omit<Demo, "stop">>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      said += chunk.toString();
      const link = /(http:\/\/\S+)\/sign-in#token=\S+/.exec(said);
      const vendors = /(http:\/\/\S+)\/_sandbox\/ledger/.exec(said)?.[1];
      if (link?.[1] !== undefined && vendors !== undefined) {
        resolve({ link: link[0], url: link[1], vendors });
      }
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.on("exit", (code) => reject(new Error(`The demo ended with ${code ?? "a signal"}:\n${said}`)));
  });
  return {
    ...found,
    stop: async () => {
      await ended(child);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function ended(child: ChildProcess) {
  if (child.exitCode === null && child.pid !== undefined) {
    const exit = new Promise((resolve) => child.once("exit", resolve));
    process.kill(-child.pid, "SIGINT");
    await exit;
  }
}

// chromium is Debian's, or the one that CHROMIUM names.
export function chromiumPath(): string {
  const path = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
  if (!existsSync(path)) {
    throw new Error(`There is no ${path}: apt-get install chromium, or name another with CHROMIUM.`);
  }
  return path;
}

// arm has the sandbox's LinkedIn fail at the next create.
export async function arm(demo: Demo, mode: string, value?: string) {
  const answer = await fetch(`${demo.vendors}/_sandbox/faults`, {
    method: "POST", body: JSON.stringify({ vendor: "linkedin", operation: "createPost", mode, times: 1, ...(value !== undefined && { value }) }),
  });
  if (!answer.ok) {
    throw new Error(await answer.text());
  }
}
