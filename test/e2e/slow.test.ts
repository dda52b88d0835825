/**
 * A reader that does not read: it holds back its own CLI and no one else, costs no memory, and gets everything when it
 * reads on.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { after, test } from "node:test";
import { readStream, user } from "../helpers/answer.ts";
import { readHealth, readStarts, untilEnded, untilSessions } from "../helpers/client.ts";
import { LINUX_ONLY } from "../helpers/processes.ts";
import { eventually, FAKE_CLI, startProxy } from "../helpers/proxy.ts";
import type { Proxy } from "../helpers/proxy.ts";

const DELTAS = 24_000;
const PAD = "x".repeat(1000);
const FLOOD = { FAKE_CLI: "flood", FAKE_CLI_DELTAS: String(DELTAS), FAKE_CLI_PAD: PAD };
const BODY = { model: "sonnet", stream: true, messages: [user("hi")] };
const EXPECTED = Array.from({ length: DELTAS }, (_, at) => `${at} ${PAD}`).join("");
/** What the proxy may hold for a slow reader, buffers and all. */
const MOST_GROWTH_BYTES = 30 * 1024 * 1024;
/** The CLI's whole output is 27 MB; the pipe, our queue and the sockets take no more than this of it. */
const MOST_WRITTEN_BYTES = 10 * 1024 * 1024;
/** A runtime may write a few bytes to itself now and then. */
const STILL_BYTES = 4096;

/** Without spares, for the readers that go away. */
const shared = await startProxy({ after }, { args: ["--claude", FAKE_CLI, "--spares", "0"], env: FLOOD });

/** Memory of a process, in bytes. */
function readRss(pid: number): number {
  return 1024 * Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}

/** Bytes a process has written to anything so far. */
function readWritten(pid: number): number {
  return Number(/^wchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, "utf8"))?.[1]);
}

/**
 * Asks for a stream and reads none of it. HTTP/1.0, so that the answer comes as it is, without chunk sizes, until the
 * end.
 */
function ask(proxy: Proxy): Socket {
  const { hostname, port } = new URL(proxy.url);
  const body = JSON.stringify(BODY);
  const socket = connect(Number(port), hostname);
  socket.pause();
  const headers = [`Host: ${hostname}`, "Content-Type: application/json", `Content-Length: ${body.length}`];
  socket.write(`POST /v1/chat/completions HTTP/1.0\r\n${headers.join("\r\n")}\r\n\r\n${body}`);
  return socket;
}

/** Settles when the process has written something, and then nothing more for half a second; gives how much. */
async function untilHeldBack(pid: number, look: () => void): Promise<number> {
  let last = readWritten(pid);
  let looks = 0;
  const idle = last;
  await eventually("the CLI is held back", () => {
    const written = readWritten(pid);
    looks = written - last < STILL_BYTES && written > idle + STILL_BYTES ? looks + 1 : 0;
    last = written;
    look();
    return looks > 25;
  });
  return last;
}

test("a reader that does not read costs no memory, holds up no one, and misses nothing", LINUX_ONLY, async (t) => {
  const proxy = await startProxy(t, { args: ["--claude", FAKE_CLI], env: FLOOD });
  await readHealth(proxy);
  await untilSessions(proxy, "a spare is there", ({ spare }) => spare === 1);
  const cli = readStarts(proxy)[0]?.pid ?? 0;
  const before = readRss(proxy.pid);
  let most = before;

  const socket = ask(proxy);
  t.after(() => socket.destroy());
  const written = await untilHeldBack(cli, () => (most = Math.max(most, readRss(proxy.pid))));
  t.diagnostic(`${most - before} bytes of growth`);
  assert.ok(most - before < MOST_GROWTH_BYTES, `grew by ${most - before} bytes`);
  assert.ok(written < MOST_WRITTEN_BYTES, `the CLI wrote ${written} bytes`);

  const fast = await readStream(await proxy.chat(BODY));
  assert.equal(fast.text, EXPECTED);
  assert.equal(fast.data.at(-1), "[DONE]");
  assert.ok(readWritten(cli) - written < STILL_BYTES, "the slow reader's CLI is still held back");

  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  socket.resume();
  await once(socket, "end");
  const slow = await readStream(
    new Response(
      Buffer.concat(chunks)
        .toString()
        .replace(/^[^]*?\r\n\r\n/, ""),
    ),
  );
  assert.equal(slow.text, EXPECTED);
  assert.equal(slow.data.length, fast.data.length);
  assert.equal(slow.data.at(-1), "[DONE]");
});

test("a reader that never reads on is let go after 30 s, and its CLI ends", LINUX_ONLY, async (t) => {
  const startedAt = performance.now();
  const socket = ask(shared);
  const closed = once(socket, "close");
  socket.on("error", () => undefined);
  t.after(() => socket.destroy());
  await shared.logged(/path=\/v1\/chat\/completions status=499 .*error=stalled_reader/);
  const seconds = (performance.now() - startedAt) / 1000;
  assert.ok(seconds >= 30 && seconds < 60, `${seconds} s`);
  await untilEnded(shared, readStarts(shared).at(-1)?.pid);
  assert.equal((await readHealth(shared)).sessions.busy, 0);
  socket.resume();
  await closed;
});

test("a slow reader that hangs up lets its CLI go", LINUX_ONLY, async () => {
  const { length } = shared.log;
  const socket = ask(shared);
  await shared.logged(/started claude/, length);
  const cli = readStarts(shared).at(-1)?.pid ?? 0;
  await untilHeldBack(cli, () => undefined);
  socket.destroy();
  await untilEnded(shared, cli);
  await untilSessions(shared, "no turn is left", ({ busy, live }) => busy === 0 && live === 0);
});
