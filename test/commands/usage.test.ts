/** `usage` in the terminal: its lines from made-up states, and its answers where there is no server to ask. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { askUsage } from "../../src/commands/usage/ask.ts";
import { formatUsage } from "../../src/commands/usage/format.ts";
import { readCommand } from "../../src/config/command.ts";
import type { Config } from "../../src/config/config.ts";
import type { Usage } from "../../src/meter/usage.ts";
import { makeUsage } from "../helpers/usage.ts";

const NOW = new Date("2026-11-24T12:00:00Z");
const USAGE = makeUsage({ nowMs: NOW.getTime() });
const PLAIN = { isColored: false, now: NOW };
const ESCAPE = "\u001B";

const format = (change: Partial<Usage> = {}): string => formatUsage({ ...USAGE, ...change }, PLAIN);

test("usage shows the plan's windows as bars, what runs, sums, models and clients, in 80 columns", () => {
  const text = format();
  assert.match(text, /^claude-max-api 0\.2\.0, up for 1 d 3 h\n/);
  assert.match(text, /^ {2}5 hours {2}█{15}░{9} {2}62 % {2}resets in 2 h 14 min, \d\d:\d\d$/m);
  assert.match(text, /^ {2}7 days {3}█{20}░{4} {2}83 % {2}resets in 1 d 17 h/m);
  assert.match(text, /^ {2}10 % .*\(--plan-reserve\)$/m);
  assert.match(text, /^ {2}opencode +claude-opus-5-5 +hot +38 s +\d+ tokens\/s$/m);
  assert.match(text, /^ {2}today +\d+ +\d+ +[\d.]+ [kM] +\d\d %/m);
  assert.match(text, /^ {2}claude-sonnet-5-5 +█+░+ +\d+ %/m);
  assert.deepEqual(
    text.split("\n").filter((line) => line.length > 80),
    [],
  );
  assert.ok(!text.includes(ESCAPE));
});

test("usage is coloured on a terminal: green, and yellow near a limit", () => {
  const text = formatUsage(USAGE, { isColored: true, now: NOW });
  assert.ok(text.includes(`${ESCAPE}[32m█`) && text.includes(`${ESCAPE}[33m█`));
});

test("usage without a plan says why, and a server that cannot serve says what mends it", () => {
  const server = { ...USAGE.server, status: "unavailable" as const, reason: "Not signed in", fix: "claude auth login" };
  const text = format({ plan: null, plan_reason: "The CLI uses an API key, which has no plan", server, days: [] });
  assert.match(text, /^claude-max-api 0\.2\.0 cannot serve: Not signed in\n {2}\$ claude auth login\n/);
  assert.match(text, /^Plan\n {2}The CLI uses an API key, which has no plan$/m);
  assert.doesNotMatch(text, /Models/);
});

test("usage says that paid extra usage is drawn on", () => {
  assert.ok(USAGE.plan);
  const plan = { ...USAGE.plan, overage: { in_use: true, status: null, disabled_reason: null } };
  assert.match(format({ plan }), /extra usage is on: turns are being paid for$/m);
});

test("a client's name cannot speak to the terminal", () => {
  const [turn] = USAGE.turns;
  assert.ok(turn);
  assert.ok(!format({ turns: [{ ...turn, client: `${ESCAPE}[2J`, model: "\u0007" }] }).includes(ESCAPE));
});

test("the command takes the server's options, and --json", () => {
  const command = readCommand(["usage", "--port", "4000", "--json"], {});
  assert.equal(command.type, "usage");
  assert.ok(command.type === "usage" && command.isJson && command.config.port === 4000);
});

function toConfig(port: number, ...args: readonly string[]): Config {
  const command = readCommand(["usage", "--port", String(port), ...args], {});
  assert.ok(command.type === "usage");
  return command.config;
}

test("usage of no server, of another program and of a server with another key is one sentence", async (t) => {
  const answers = [
    { status: 200, body: { hello: 1 } },
    { status: 401, body: { error: { message: "Cannot accept key: …", code: "invalid_api_key" } } },
    { status: 503, body: { error: { message: "Cannot serve now", code: "unavailable" } } },
  ];
  const server = createServer((_request, response) => {
    const { status, body } = answers.shift() ?? { status: 200, body: USAGE };
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  t.after(() => server.close());
  const sentences: RegExp[] = [
    /another program answers/,
    /asks for its key\. Set CLAUDE_MAX_API_API_KEY/,
    /Cannot serve/,
  ];
  for (const sentence of sentences) {
    const answer = await askUsage(toConfig(port));
    assert.match("problem" in answer ? answer.problem : "", sentence);
  }
  assert.ok("usage" in (await askUsage(toConfig(port, "--api-key", "ann:secret"))));
  server.close();
  server.closeAllConnections();
  const answer = await askUsage(toConfig(port));
  assert.match("problem" in answer ? answer.problem : "", /^No server answers at 127\.0\.0\.1:\d+\. Start it/);
});
