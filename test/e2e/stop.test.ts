/**
 * Stopping: an idle server waits for no connection, whatever it has carried; a turn's connection closes with its
 * answer.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { NEWEST_TESTED } from "../../src/cli/install/release.ts";
import { readStream, user } from "../helpers/answer.ts";
import { makeFolder } from "../helpers/folder.ts";
import { isRunning, LINUX_ONLY } from "../helpers/processes.ts";
import { eventually, startProxy } from "../helpers/proxy.ts";
import type { Proxy } from "../helpers/proxy.ts";
import { startUpstream } from "../helpers/upstream.ts";

/** Far above what an idle server needs, far below the 9 s that running turns get. */
const PATIENCE_MS = 3000;
/** Less than a process is given that is to end by itself. */
const STARTING_PATIENCE_MS = 1950;

async function openSocket(t: TestContext, { url }: Proxy, text: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  t.after(() => socket.destroy());
  socket.on("error", () => undefined).resume();
  await once(socket, "connect");
  if (text !== "") socket.write(text);
  return socket;
}

async function assertStops(proxy: Proxy, patienceMs = PATIENCE_MS): Promise<void> {
  const startedAt = performance.now();
  proxy.kill("SIGTERM");
  assert.deepEqual(await proxy.exited, { code: 0, signal: null });
  const ms = Math.round(performance.now() - startedAt);
  assert.ok(ms < patienceMs, `${ms} ms`);
}

const CONNECTIONS: Readonly<Record<string, string>> = {
  "never carried a request": "",
  "carried half a request line": "GET /hea",
  "carried half of a request's headers": "GET /health HTTP/1.1\r\nHost: localhost\r\n",
};

for (const [what, text] of Object.entries(CONNECTIONS)) {
  test(`an idle server stops at once though a connection ${what}`, async (t) => {
    const proxy = await startProxy(t, { args: ["--spares", "0"] });
    const socket = await openSocket(t, proxy, text);
    // An answer on a later connection: the server has accepted the one before.
    await (await fetch(`${proxy.url}/v1/models`)).text();
    const closed = once(socket, "close");
    await assertStops(proxy);
    await closed;
  });
}

test("an idle server stops at once though a kept connection has carried requests", async (t) => {
  const proxy = await startProxy(t, { args: ["--spares", "0"] });
  const socket = await openSocket(t, proxy, "GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await once(socket, "data");
  await assertStops(proxy);
});

/** A CLI that starts for as long as it is let, and so does not read its stdin. */
const STARTING = `#!/bin/sh
case "$1" in
--version) echo "${NEWEST_TESTED} (Claude Code)" ;;
auth) echo '{"loggedIn":true}' ;;
*) exec sleep 300 ;;
esac
`;

test("an idle server stops at once though its spare is still starting", LINUX_ONLY, async (t) => {
  const claude = join(makeFolder(t), "claude");
  writeFileSync(claude, STARTING, { mode: 0o755 });
  const proxy = await startProxy(t, { args: ["--claude", claude, "--log-level", "debug"] });
  await proxy.logged(/started claude/);
  await assertStops(proxy, STARTING_PATIENCE_MS);
});

test("a turn under way at the stop is answered whole, and no other is taken; all ends with it, connections without requests too", async (t) => {
  const upstream = await startUpstream(t);
  const proxy = await startProxy(t, { upstream, args: ["--spares", "0"] });
  await openSocket(t, proxy, "");
  const release = new AbortController();
  upstream.answer(() => [{ text: "one " }, { until: once(release.signal, "abort") }, { text: "two" }]);
  const response = await proxy.chat({ model: "sonnet", messages: [user("hi")], stream: true });
  const pids = proxy.children();
  assert.equal(pids.length, 1);
  proxy.kill("SIGTERM");
  await proxy.logged(/ stopping /);
  await eventually("no new connection is taken", () =>
    fetch(`${proxy.url}/health`).then(
      () => false,
      () => true,
    ),
  );
  release.abort();
  const { text, data } = await readStream(response);
  assert.deepEqual([text, data.at(-1)], ["one two", "[DONE]"]);
  const doneAt = performance.now();
  assert.deepEqual(await proxy.exited, { code: 0, signal: null });
  // Well before it would cut whoever is left: a kept connection is no running turn.
  const ms = Math.round(performance.now() - doneAt);
  assert.ok(ms < 6000, `${ms} ms`);
  assert.deepEqual(pids.filter(isRunning), []);
});
