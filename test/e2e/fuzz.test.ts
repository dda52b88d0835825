/**
 * Mutated requests of real clients, the same at every run; `npm run fuzz` sends more, with other seeds and the real
 * CLI.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readText, user } from "../helpers/answer.ts";
import { untilSessions } from "../helpers/client.ts";
import { formatFinding, fuzz } from "../helpers/fuzz.ts";
import { FAKE_CLI, startProxy } from "../helpers/proxy.ts";

const SEED = 20_261_124;
const COUNT = 150;

test(`${COUNT} mutated requests of all protocols are answered or refused, and the server stays whole`, async (t) => {
  const proxy = await startProxy(t, { args: ["--claude", FAKE_CLI], env: { DEBUG: "" } });
  const { findings, statuses } = await fuzz(proxy.url, { seed: SEED, count: COUNT, clients: 4 });
  assert.equal(findings.map(formatFinding).join("\n"), "");
  for (const status of [200, 400]) assert.ok((statuses.get(status) ?? 0) > COUNT / 10, JSON.stringify([...statuses]));
  await untilSessions(proxy, "no turn is left", ({ busy, queued }) => busy === 0 && queued === 0);
  assert.equal(await readText(await proxy.chat({ model: "sonnet", messages: [user("still there?")] })), "still there?");
  assert.deepEqual(
    proxy.log.filter((line) => / error /.test(line)),
    [],
  );
});
