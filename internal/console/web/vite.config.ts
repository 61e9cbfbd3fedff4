import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// For `npm run dev`: the Postwright whose API the pages call. Its cookie is for the address that the browser sees, which is Vite's.
const server = process.env["POSTWRIGHT_URL"] ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { "@api": fileURLToPath(new URL("api", import.meta.url)) } },
  build: {
    outDir: process.env["CONSOLE_OUT"] ?? fileURLToPath(new URL("../../../gen/console", import.meta.url)),
    emptyOutDir: true,
    assetsInlineLimit: 0, // the Content-Security-Policy allows no data: addresses
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: {
    proxy: { "^/postwright\\.v1\\.": { target: server, changeOrigin: false } },
  },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
