/** Streams over real sockets: who closes at the last event has not hung up, and who does not read is let go. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { connect } from "node:net";
import { test } from "node:test";
import type { TestContext } from "node:test";
import type { Encoder } from "../../src/codec/codec.ts";
import { NO_USAGE } from "../../src/core/event.ts";
import type { EventStream, TurnEvent } from "../../src/core/event.ts";
import { openExchange, sendError } from "../../src/http/exchange.ts";
import { createStreamWriter } from "../../src/http/stream.ts";
import { DEFAULT_CODEC } from "../../src/codec/all.ts";
import { createLog } from "../../src/lib/log.ts";

const DONE: TurnEvent = { type: "done", finish: "stop", usage: NO_USAGE };
const encoder: Encoder = {
  encode: (event) => (event.type === "text" ? `data: ${event.text}\n\n` : event.type === "done" ? "data: end\n\n" : ""),
  fail: (error) => error.kind,
  keepAlive: () => ":\n\n",
};

interface Stage {
  readonly socket: Socket;
  /** Every access-log line so far. */
  readonly lines: readonly string[];
  /** Settles with the access-log line. */
  readonly logged: Promise<string>;
  /** Settles with how the turn ended: its signal's state once its events were over. */
  readonly turn: Promise<{ isAborted: boolean }>;
}

/** A server that answers its one request with these events; its client reads nothing yet. */
async function start(
  t: TestContext,
  events: (signal: AbortSignal) => EventStream,
  stallMs = 60_000,
  graceMs = 60_000,
): Promise<Stage> {
  const lines: string[] = [];
  let settle = (_line: string): void => undefined;
  const logged = new Promise<string>((resolve) => (settle = resolve));
  const onLine = (line: string): void => {
    lines.push(line);
    settle(line);
  };
  let onTurn = (_end: { isAborted: boolean }): void => undefined;
  const turn = new Promise<{ isAborted: boolean }>((resolve) => (onTurn = resolve));
  const log = createLog("info", onLine);
  const write = createStreamWriter({ stallMs, graceMs, heartbeatMs: 60_000 });
  const server = createServer((request, response) => {
    const exchange = openExchange(request, response, log);
    const streaming = {
      exchange,
      encoder,
      type: "text/event-stream",
      readHeaders: () => ({}),
      expected: "model",
      onEvents: () => undefined,
    };
    void write(streaming, events(exchange.signal))
      .catch((error: unknown) => sendError(exchange, DEFAULT_CODEC, error, log))
      .finally(() => onTurn({ isAborted: exchange.signal.aborted }));
  });
  t.after(() => server.closeAllConnections());
  t.after(() => server.close());
  await once(server.listen(0, "127.0.0.1"), "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  t.after(() => socket.destroy());
  socket.pause().on("error", () => undefined);
  // HTTP/1.0: the answer comes without chunk sizes.
  socket.write("GET / HTTP/1.0\r\n\r\n");
  return { socket, lines, logged, turn };
}

/** Reads until `word` has come. */
async function readUntil(socket: Socket, word: string): Promise<void> {
  let got = "";
  while (!got.includes(word)) got += String((await once(socket.resume(), "data"))[0]);
}

test("a client that closes at the last event has its whole answer: no hang-up is logged, and the turn ends in peace", async (t) => {
  let goOn = (): void => undefined;
  const isGone = new Promise<void>((resolve) => (goOn = resolve));
  const { socket, logged, turn } = await start(t, async function* () {
    yield [
      { type: "start", model: "model" },
      { type: "text", text: "hello" },
    ];
    yield [DONE];
    // What a turn does after its last event takes a while.
    await isGone;
  });
  await readUntil(socket, "end");
  socket.destroy();
  assert.match(await logged, / status=200 /);
  goOn();
  assert.deepEqual(await turn, { isAborted: false });
});

test("a client that closes before the last event has hung up, which is logged once", async (t) => {
  const { socket, lines, logged, turn } = await start(t, async function* (signal) {
    yield [{ type: "text", text: "hello" }];
    if (!signal.aborted) await once(signal, "abort");
    signal.throwIfAborted();
  });
  await readUntil(socket, "hello");
  socket.destroy();
  assert.match(await logged, / status=499 /);
  assert.deepEqual(await turn, { isAborted: true });
  assert.equal(lines.length, 1);
});

const MIB_OF_TEXT = "x".repeat(1024 * 1024);

async function* flood(): EventStream {
  for (let at = 0; at < 40; at++) yield [{ type: "text", text: MIB_OF_TEXT }];
  yield [DONE];
}

test("a reader that takes nothing is let go after the stall limit, and its turn with it", async (t) => {
  let isOver = false;
  const { logged, turn } = await start(
    t,
    async function* () {
      try {
        yield* flood();
      } finally {
        isOver = true;
      }
    },
    300,
  );
  assert.match(await logged, / status=499 .*error=stalled_reader/);
  await turn;
  assert.equal(isOver, true);
});

test("a reader that is slow is let go once all of its delays together have been too long", async (t) => {
  const { logged, turn } = await start(t, flood, 600_000, 300);
  assert.match(await logged, / status=499 .*error=stalled_reader/);
  await turn;
});

test("a reader that is slow but reads on gets everything, though it takes longer than the stall limit", async (t) => {
  const stallMs = 2000;
  const { socket, logged } = await start(t, flood, stallMs);
  const startedAt = performance.now();
  let bytes = 0;
  let tail = "";
  socket.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    tail = (tail + chunk.subarray(-20).toString()).slice(-20);
    socket.pause();
    setTimeout(() => socket.resume(), chunk.length / 12_000);
  });
  socket.resume();
  assert.match(await logged, / status=200 /);
  assert.ok(performance.now() - startedAt > stallMs);
  while (!tail.includes("end")) await once(socket, "data");
  assert.ok(bytes > 40 * MIB_OF_TEXT.length);
});

test("a text of characters of several bytes is whole though it is written in pieces", async (t) => {
  const text = "é👩‍👩‍👧漢".repeat(50_000);
  const { socket } = await start(t, async function* () {
    yield [{ type: "text", text }, DONE];
  });
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  socket.resume();
  await once(socket, "end");
  assert.ok(Buffer.concat(chunks).toString().includes(`data: ${text}\n\n`));
});

test("what an answer takes back is left out before it is shown, and afterwards the stream fails", async (t) => {
  const head: TurnEvent = { type: "start", model: "model" };
  const say = (text: string): TurnEvent => ({ type: "text", text });
  const play = async (...batches: readonly (readonly TurnEvent[])[]): Promise<string> => {
    const { socket, logged } = await start(t, async function* () {
      yield* batches;
    });
    const chunks: string[] = [];
    socket.setEncoding("utf8").on("data", (chunk: string) => chunks.push(chunk));
    await once(socket.resume(), "close");
    await logged;
    return chunks.join("").split("\r\n\r\n").slice(1).join("");
  };
  const retract: TurnEvent = { type: "retract" };
  assert.equal(await play([head], [say("no"), retract, say("yes"), DONE]), "data: yes\n\ndata: end\n\n");
  assert.equal(await play([head], [retract, say("yes"), DONE]), "data: yes\n\ndata: end\n\n");
  assert.equal(await play([head, say("no")], [retract, say("yes"), DONE]), "data: no\n\nbad_gateway");
  const hidden: TurnEvent[] = [
    { type: "thinking", text: "hm" },
    { type: "signature", signature: "a" },
    { type: "redacted", data: "b" },
    { type: "progress", tool: "WebSearch", summary: "" },
  ];
  assert.equal(await play([head, ...hidden], [retract, say("yes"), DONE]), "data: yes\n\ndata: end\n\n");
  // The encoder of a protocol whose calls come whole holds them back.
  const call: TurnEvent = { type: "call", index: 0, id: "a", name: "weather" };
  assert.match(await play([head, call], [retract, say("yes"), DONE]), /bad_gateway/);
});

test("every write of a burst is followed by a pause in which the next deltas gather", async (t) => {
  const askedAt: number[] = [];
  const { socket, turn } = await start(t, async function* () {
    for (let at = 0; at < 20; at++) {
      askedAt.push(performance.now());
      yield [{ type: "text", text: "x" }];
    }
    yield [DONE];
  });
  socket.resume();
  await turn;
  // In sum: a process that was kept waiting asks sooner the next time.
  const ms = (askedAt.at(-1) ?? 0) - (askedAt[0] ?? 0);
  assert.ok(ms > 2 * (askedAt.length - 1), `${ms} ms: ${askedAt.join(", ")}`);
});
