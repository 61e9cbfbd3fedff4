import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

// Each test uses what the one before left, as a person would: one file, in order.
export default defineConfig({
  cacheDir: fileURLToPath(new URL("../node_modules/.vite-e2e", import.meta.url)),
  root: fileURLToPath(new URL(".", import.meta.url)),
  test: { include: ["**/*.test.ts"], environment: "node", testTimeout: 90_000, hookTimeout: 180_000, fileParallelism: false, bail: 1 },
});
