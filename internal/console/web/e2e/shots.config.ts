import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  cacheDir: fileURLToPath(new URL("../node_modules/.vite-e2e", import.meta.url)),
  root: fileURLToPath(new URL(".", import.meta.url)),
  test: { include: ["shots.ts"], environment: "node", testTimeout: 600_000, hookTimeout: 180_000 },
});
