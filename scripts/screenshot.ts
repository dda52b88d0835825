/** `npm run screenshot`: the README's pictures of the status page, from made-up data, in `.github`. Needs Chromium. */
import { launch } from "puppeteer-core";
import { findChromium, openView } from "../test/helpers/browser.ts";
import { startPageServer } from "../test/helpers/page.ts";
import { createScope } from "../test/helpers/scope.ts";
import { makeUsage } from "../test/helpers/usage.ts";

const ADDRESS = "localhost:3456";
const WIDTH = 1180;
/** Pixels below the charts, with which the picture ends. */
const BELOW = 24;

const executablePath = findChromium();
if (executablePath === undefined)
  throw new Error("Cannot take pictures: no Chromium here. Install it, or set CHROMIUM_PATH");
const scope = createScope();
const server = await startPageServer(scope, makeUsage());
// The pictures show the usual address, whatever port was free.
const rules = `MAP ${ADDRESS} ${new URL(server.url).host}`;
const browser = await launch({ executablePath, args: ["--no-sandbox", `--host-resolver-rules=${rules}`] });
scope.after(() => browser.close());
for (const colours of ["light", "dark"] as const) {
  const { page } = await openView(browser, { width: WIDTH, colours });
  await page.goto(`http://${ADDRESS}`);
  await page.waitForSelector("#recent tbody tr");
  const charts = await (await page.$("#month"))?.boundingBox();
  const clip = { x: 0, y: 0, width: WIDTH, height: Math.ceil(charts ? charts.y + charts.height + BELOW : 900) };
  await page.screenshot({ path: `.github/page-${colours}.webp`, type: "webp", quality: 80, clip });
}
await scope.end();
