import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  test: { include: ["shots.ts"], environment: "node", testTimeout: 600_000, hookTimeout: 180_000 },
});
