/** The status page of the real server, with a key and a plan, in a real browser: one visit from end to end. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { assistant, readError, user } from "../helpers/answer.ts";
import { findBarriers, openView, readText, untilText } from "../helpers/browser.ts";
import { startBrowser } from "../helpers/chromium.ts";
import { createLatch } from "../helpers/client.ts";
import { PLAN_LOGIN, toPlanHeaders } from "../helpers/plan.ts";
import { startProxy } from "../helpers/proxy.ts";
import type { Proxy } from "../helpers/proxy.ts";
import { startUpstream } from "../helpers/upstream.ts";
import type { Step, Upstream } from "../helpers/upstream.ts";

const RESET = Math.floor(Date.now() / 1000) + 2 * 3600;
const KEY = { headers: { authorization: "Bearer right-key", "user-agent": "test" } };
const ask = { model: "sonnet", messages: [user("hi")] };
const tell = (fiveHour: number): Step => ({ headers: toPlanHeaders({ fiveHour, resetsAtSeconds: RESET }) });

async function start(t: TestContext): Promise<{ proxy: Proxy; upstream: Upstream }> {
  const upstream = await startUpstream(t);
  const args = ["--spares", "0", "--plan-reserve", "10", "--api-key", "laptop:right-key"];
  return { upstream, proxy: await startProxy(t, { upstream, args, env: PLAN_LOGIN }) };
}

test("a visit: the key, the plan as it changes, a turn that is stopped, the table and its filter, a question", async (t) => {
  const browser = await startBrowser(t);
  if (!browser) return;
  const { proxy, upstream } = await start(t);
  const { page, errors } = await openView(browser);
  await page.goto(proxy.url);
  await page.waitForSelector("dialog[open]");
  await page.type("[name=key]", "right-key");
  await page.keyboard.press("Enter");
  await untilText(page, "#state", /^Serving on .*claude \d+\.\d+\.\d+.*signed in/);
  assert.match(await readText(page, "#plan"), /The plan is not known yet/);

  upstream.answer(() => [tell(0.62), { text: "Hello" }]);
  assert.equal((await proxy.chat(ask, KEY)).status, 200);
  await untilText(page, '[data-window="five_hour"]', /62 %.*resets in (?:2 h|1 h 5\d min).*10 % kept for you/);
  await untilText(page, "#recent tbody tr", /200.*laptop.*sonnet/);

  const latch = createLatch();
  t.after(latch.open);
  upstream.answer(() => [tell(0.83), { text: "begun" }, { until: latch.opened }]);
  const running = proxy.chat({ ...ask, messages: [...ask.messages, assistant("Hello"), ...ask.messages] }, KEY);
  await untilText(page, "#running li", /laptop.*sonnet.*Stop/);
  await page.click("#running li button");
  const error = await readError(await running);
  assert.deepEqual([error.status, error.code], [403, "stopped"]);
  await page.waitForFunction('document.querySelectorAll("#running li").length === 0');
  await untilText(page, "#recent tbody tr", /stopped/);
  assert.equal((await page.$$("#recent tbody tr")).length, 2);
  await page.select("[name=outcome]", "failed");
  assert.equal((await page.$$("#recent tbody tr")).length, 1);

  upstream.answer(() => [tell(0.84), { text: ["It is ", "a mark."] }]);
  await page.click("#question button[type=submit]");
  await untilText(page, "#question .answer", /^It is a mark\.$/);
  await untilText(page, "#question .measure", /first delta .* 42 tokens/);
  await untilText(page, '[data-window="five_hour"]', /84 %/);

  for (const colours of ["light", "dark"] as const) {
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: colours }]);
    await page.setViewport({ width: 390, height: 844 });
    assert.deepEqual(await findBarriers(page), [], colours);
    assert.equal(await page.$eval("html", (root) => root.scrollWidth - root.clientWidth), 0, "wider than the phone");
  }
  // The browser itself tells of the answer that asked for the key, and of the turn that was stopped.
  assert.deepEqual(
    errors.filter((words) => !/status of 401/.test(words)),
    [],
  );
  await page.close();
  assert.match(await proxy.logged(/path=\/usage\/events .*status=200/), /GET/);
});
