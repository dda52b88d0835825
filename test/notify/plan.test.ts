/** Notices about the plan: each mark of a window once, over restarts too, as a Telegram user gets them. */
import assert from "node:assert/strict";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import type { LimitStatus, PlanReport } from "../../src/core/plan.ts";
import { createLog } from "../../src/lib/log.ts";
import { createPlanNotices } from "../../src/notify/plan.ts";
import { createTelegram } from "../../src/notify/telegram.ts";
import { makeFolder } from "../helpers/folder.ts";
import { startBotApi, TOKEN } from "../helpers/telegram.ts";

const NOW_MS = Date.parse("2026-11-24T12:00:00Z");
const HOUR = 3600;
const RESET = NOW_MS / 1000 + 2 * HOUR;

interface Given {
  readonly used: number;
  readonly name?: string;
  readonly resets?: number | undefined;
  readonly status?: LimitStatus;
  readonly isPaid?: boolean;
}

function report(...windows: readonly Given[]): PlanReport {
  return {
    status: "allowed",
    windows: windows.map((given) => ({
      name: given.name ?? "five_hour",
      utilization: given.used,
      status: given.status ?? "allowed",
      resetsAtSeconds: "resets" in given ? given.resets : RESET,
    })),
    overage: { inUse: windows.some(({ isPaid }) => isPaid), status: undefined, disabledReason: undefined },
    resetsAtSeconds: undefined,
  };
}

interface Bench {
  /** Gives these reports in turn to notices of their own, and gives what was told of them. */
  play(...reports: readonly PlanReport[]): Promise<string[]>;
  readonly file: string;
  isFull: boolean;
}

async function start(t: TestContext): Promise<Bench> {
  const file = join(await makeFolder(t), "usage", "notices.json");
  const bench: Bench = {
    file,
    isFull: false,
    async play(...reports) {
      const told: string[] = [];
      const tell = (text: string): boolean => !bench.isFull && told.push(text) > 0;
      const notices = createPlanNotices({ file, tell, log: createLog("error"), now: () => NOW_MS });
      for (const next of reports) notices.update(next);
      await notices.settle();
      return told;
    },
  };
  return bench;
}

test("80 %, 95 % and the limit are told once each, with the reset", async (t) => {
  const { play } = await start(t);
  const used = [0.5, 0.79, 0.8, 0.83, 0.96, 0.97, 1.02, 1.1];
  assert.deepEqual(await play(...used.map((part) => report({ used: part }))), [
    "Plan, 5 hours: 80 % used, resets in 2 h",
    "Plan, 5 hours: 96 % used, resets in 2 h",
    "Plan, 5 hours: limit reached, resets in 2 h",
  ]);
});

test("marks that are passed at once are told as the highest, several windows as one message", async (t) => {
  const { play } = await start(t);
  const reports = [
    report({ used: 0.97 }, { used: 0.81, name: "seven_day", resets: RESET + 48 * HOUR }),
    report({ used: 0.6, status: "rejected", isPaid: true }),
  ];
  assert.deepEqual(await play(...reports), [
    "Plan, 5 hours: 97 % used, resets in 2 h\nPlan, 7 days: 81 % used, resets in 2 d 2 h",
    "Plan, 5 hours: limit reached, resets in 2 h; extra usage is being paid for",
  ]);
});

test("a window that has begun anew is told of anew; a reset that differs by rounding is the same window", async (t) => {
  const { play } = await start(t);
  const reports = [0, 1, -30, 5 * HOUR].map((later) => report({ used: 0.85, resets: RESET + later }));
  assert.equal((await play(...reports)).length, 2);
  const endless = report({ used: 0.9, name: "other", resets: undefined });
  assert.deepEqual(await play(endless, endless), ["Plan, other: 90 % used"]);
});

test("a restart tells nothing again; a damaged file counts as none, and others cannot read it", async (t) => {
  const { play, file } = await start(t);
  assert.equal((await play(report({ used: 0.85 }))).length, 1);
  assert.deepEqual(await play(report({ used: 0.86 })), []);
  assert.equal((await stat(file)).mode & 0o077, 0);
  assert.match(await readFile(file, "utf8"), /^\{"five_hour":\{"mark":0\.8,"resetsAtSeconds":\d+\}\}\n$/);
  for (const text of ["{", "[]", '{"five_hour":7}']) {
    await writeFile(file, text);
    assert.equal((await play(report({ used: 0.86 }))).length, 1);
  }
});

test("a message that could not be taken is tried again with the next report", async (t) => {
  const bench = await start(t);
  bench.isFull = true;
  assert.deepEqual(await bench.play(report({ used: 0.85 })), []);
  bench.isFull = false;
  assert.equal((await bench.play(report({ used: 0.85 }))).length, 1);
});

test("a notice goes to the first chat, with a sound, and stays", async (t) => {
  const api = await startBotApi(t);
  const log = createLog("error");
  const telegram = createTelegram({ token: TOKEN, chats: ["7", "8"], apiUrl: api.url, log });
  assert.equal(telegram.tell("Plan, 5 hours: limit reached"), true);
  await telegram.close(5000);
  assert.deepEqual([...api.messages.values()], ["Plan, 5 hours: limit reached"]);
  const [call] = api.calls;
  assert.deepEqual([call?.body.chat_id, call?.body.disable_notification], ["7", undefined]);
  assert.equal(createTelegram({ token: "", chats: [], apiUrl: api.url, log }).tell("x"), true);
  assert.equal(api.calls.length, 1);
});
