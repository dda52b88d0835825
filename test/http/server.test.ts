/**
 * Listening, over real sockets: late requests are cut off in time, and sockets are bounded without harm to those in
 * use.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import type { RequestListener } from "node:http";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { MOST_UNANSWERED } from "../../src/http/connections.ts";
import { listen } from "../../src/http/server.ts";
import type { Limits } from "../../src/http/server.ts";

const LIMITS: Limits = { headersMs: 1000, requestMs: 2000, connections: 4 };
/** Node looks once a second; the rest is for a busy machine. */
const LATE_MS = 4000;

async function start(t: TestContext, handler: RequestListener, limits = LIMITS): Promise<number> {
  const listener = await listen(handler, "127.0.0.1", 0, { limits });
  t.after(() => listener.close());
  return listener.port;
}

/** Opens a socket and gives it with all that comes on it until it closes. */
async function open(t: TestContext, port: number, text = ""): Promise<{ socket: Socket; ended: Promise<string> }> {
  const socket = connect(port, "127.0.0.1");
  t.after(() => socket.destroy());
  let got = "";
  socket.on("error", () => undefined).on("data", (chunk: Buffer) => (got += chunk.toString()));
  const ended = new Promise<string>((resolve) => void socket.once("close", () => resolve(got)));
  await once(socket, "connect");
  if (text !== "") socket.write(text);
  return { socket, ended };
}

const answer: RequestListener = (_request, response) => void response.end("ok");
const GET = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

test("headers that do not come to an end are cut off at their limit", async (t) => {
  const port = await start(t, answer);
  const startedAt = performance.now();
  const { ended } = await open(t, port, "GET / HTTP/1.1\r\nHost: localhost\r\n");
  assert.match(await ended, /^HTTP\/1\.1 408 /);
  const ms = performance.now() - startedAt;
  assert.ok(ms >= LIMITS.headersMs && ms < LIMITS.headersMs + LATE_MS, `${ms} ms`);
});

test("a body that does not come to an end is cut off at its limit, however often a byte of it comes", async (t) => {
  const port = await start(t, (request, response) => void request.resume().once("end", () => response.end("ok")));
  const startedAt = performance.now();
  const head = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n";
  const { socket, ended } = await open(t, port, head);
  const drip = setInterval(() => socket.write("x"), 50);
  t.after(() => clearInterval(drip));
  await ended;
  const ms = performance.now() - startedAt;
  assert.ok(ms >= LIMITS.requestMs && ms < LIMITS.requestMs + LATE_MS, `${ms} ms`);
});

test("the socket that has been idle for longest gives way to a new one", async (t) => {
  const port = await start(t, answer, { ...LIMITS, headersMs: 60_000, requestMs: 60_000 });
  const sockets = [];
  for (let at = 0; at < 4; at++) {
    const opened = await open(t, port, GET);
    await once(opened.socket, "data");
    sockets.push(opened);
  }
  const [first, second] = sockets;
  first?.socket.write(GET);
  await once(first?.socket as Socket, "data");
  const fifth = await open(t, port, GET);
  assert.match(String(await second?.ended), /ok$/);
  await once(fifth.socket, "data");
  first?.socket.write(GET);
  await once(first?.socket as Socket, "data");
});

test("sockets whose requests are under way keep their places, and a new one is closed", async (t) => {
  const answers: (() => void)[] = [];
  const port = await start(t, (_request, response) => void answers.push(() => response.end("late")));
  const busy = [];
  for (let at = 0; at < 4; at++)
    busy.push(await open(t, port, GET.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n")));
  while (answers.length < 4) await new Promise(setImmediate);
  const fifth = await open(t, port, GET);
  assert.equal(await fifth.ended, "");
  for (const go of answers) go();
  for (const { ended } of busy) assert.match(await ended, /late$/);
  const sixth = await open(t, port, GET);
  while (answers.length < 5) await new Promise(setImmediate);
  answers[4]?.();
  await once(sixth.socket, "data");
});

/** More than the buffers of a socket's two ends hold. */
const WIDE = Buffer.alloc(32 * 1024 * 1024);

test("sockets that leave written answers unread give way to a new one", async (t) => {
  let wide = 0;
  const port = await start(t, (request, response) => {
    if (request.url === "/") return void response.end("ok");
    wide++;
    response.end(WIDE);
  });
  for (let at = 0; at < 4; at++) {
    const { socket } = await open(t, port, GET.replace("/", "/wide").repeat(8));
    socket.pause();
  }
  while (wide < 4 * 8) await new Promise(setImmediate);
  const fifth = await open(t, port, GET);
  assert.match(String((await once(fifth.socket, "data"))[0]), /ok$/);
});

test("so many pipelined requests of a socket are answered, and one more closes it", async (t) => {
  const answers: (() => void)[] = [];
  const port = await start(t, (_request, response) => void answers.push(() => response.end("late")));
  const many = await open(t, port, GET.repeat(200));
  assert.equal(await many.ended, "");
  assert.equal(answers.length, MOST_UNANSWERED);
  const { socket } = await open(t, port, GET.repeat(MOST_UNANSWERED));
  while (answers.length < 2 * MOST_UNANSWERED) await new Promise(setImmediate);
  for (const go of answers) go();
  let got = "";
  while (got.split("late").length <= MOST_UNANSWERED) got += String((await once(socket, "data"))[0]);
});
