import { defineConfig } from "vitest/config";

/** Where `npm run dev` finds a head end; `make run` starts one there. */
const headEnd = process.env["HESD_URL"] ?? "http://127.0.0.1:8080";

export default defineConfig({
  base: "./",
  build: {
    outDir: "../hesd/web/static",
    emptyOutDir: true,
    target: "es2022",
    // A data: address would need a hole in the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
  server: { proxy: { "/api": { target: headEnd, ws: true } } },
  test: { include: ["test/**/*.test.ts"] },
});
