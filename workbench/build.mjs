// Bundles the page into the package: the same sources give the same bytes.
import { build } from "esbuild";
import { copyFile, mkdir, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const out = here + "../src/graticule/web/static/";
await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
await build({
  absWorkingDir: here,
  entryPoints: { app: "src/main.ts", notebook: "src/notebook.ts" },
  outdir: out,
  bundle: true,
  minify: true,
  format: "esm",
  splitting: true,
  chunkNames: "[name]",
  target: ["chrome123", "firefox120", "safari17.5"],
  charset: "utf8",
  legalComments: "eof",
});
await copyFile(here + "src/index.html", out + "index.html");
