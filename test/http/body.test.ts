/** Request bodies over a real socket: JSON of a bounded size, whatever the headers claim. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { json } from "node:stream/consumers";
import { createServer, request } from "node:http";
import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { ProxyError } from "../../src/core/error.ts";
import { chat } from "../../src/codec/chat/chat.ts";
import { openExchange, sendError } from "../../src/http/exchange.ts";
import { createLog } from "../../src/lib/log.ts";
import { BODY_LIMIT, createBodyReader } from "../../src/http/body.ts";

const JSON_TYPE = { "content-type": "application/json" };

/** Sends a body in these pieces, and gives what was read of it: the value, or the refusal. */
async function send(
  t: TestContext,
  pieces: readonly (string | Uint8Array)[],
  headers: OutgoingHttpHeaders = JSON_TYPE,
  isTypeOptional = false,
): Promise<unknown> {
  const server = createServer();
  t.after(() => server.closeAllConnections());
  t.after(() => server.close());
  const read = new Promise<unknown>((resolve) => {
    server.once("request", (incoming, response) => {
      const settle = (value: unknown): void => {
        resolve(value);
        response.end();
      };
      const closed = new Promise<void>((close) => void response.once("close", close));
      createBodyReader()({ request: incoming, closed }, isTypeOptional).then(settle, settle);
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const outgoing = request({ port, host: "127.0.0.1", method: "POST", headers });
  outgoing.on("response", (response) => response.resume());
  for (const piece of pieces) if (!outgoing.write(piece)) await once(outgoing, "drain");
  outgoing.end();
  await once(outgoing, "close");
  return read;
}

async function checkRefused(
  t: TestContext,
  kind: string,
  ...sent: [readonly (string | Uint8Array)[], OutgoingHttpHeaders?]
): Promise<void> {
  const error = await send(t, ...sent);
  assert.ok(error instanceof ProxyError, JSON.stringify(error));
  assert.equal(error.kind, kind);
}

test("JSON is read, also with a charset and in any case of the type", async (t) => {
  for (const type of ["application/json", "application/json; charset=utf-8", "Application/JSON ;charset=UTF-8"]) {
    assert.deepEqual(await send(t, ['{"a":[1,"é"]}'], { "content-type": type }), { a: [1, "é"] });
  }
});

test("a body that does not come to an end is a 408 in the protocol's words, and its connection closes", async (t) => {
  const lines: string[] = [];
  const log = createLog("info", (line) => lines.push(line));
  const readJson = createBodyReader(undefined, 100);
  const server = createServer((incoming, response) => {
    const exchange = openExchange(incoming, response, log);
    readJson(exchange).catch((error: unknown) => sendError(exchange, chat, error, log));
  });
  t.after(() => server.close());
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const outgoing = request({ port, host: "127.0.0.1", method: "POST", headers: JSON_TYPE, agent: false });
  outgoing.on("error", () => undefined);
  const drip = setInterval(() => outgoing.write(" "), 20);
  t.after(() => clearInterval(drip));
  const [response] = (await once(outgoing, "response")) as [IncomingMessage];
  const body = (await json(response)) as { error: object };
  assert.equal(response.statusCode, 408);
  assert.equal(response.headers.connection, "close");
  assert.deepEqual(body.error, {
    message: "Cannot read body: it did not arrive within 0.1 seconds",
    type: "invalid_request_error",
    param: null,
    code: "request_timeout",
  });
  if (!outgoing.closed) await once(outgoing, "close");
  assert.match(lines.join("\n"), /status=408 .*error=slow_request/);
});

test("a body that is cut within a character is read whole", async (t) => {
  const bytes = Buffer.from('{"a":"👩‍👩‍👧"}');
  assert.deepEqual(
    await send(
      t,
      Array.from(bytes, (byte) => Uint8Array.of(byte)),
    ),
    { a: "👩‍👩‍👧" },
  );
});

test("a body of many blocks is read as it was sent, whatever its pieces", async (t) => {
  const value = { a: Array.from({ length: 20_000 }, (_, at) => `é${at}`), b: "👩‍👩‍👧" };
  const bytes = Buffer.from(JSON.stringify(value));
  const pieces = Array.from({ length: Math.ceil(bytes.length / 10_007) }, (_, at) =>
    bytes.subarray(10_007 * at, 10_007 * (at + 1)),
  );
  assert.ok(pieces.length > 10);
  assert.deepEqual(await send(t, pieces), value);
});

test("any other type is refused: a page can send it without asking first", async (t) => {
  for (const type of [
    "text/plain",
    "text/plain;application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "application/jsonp",
    "",
  ]) {
    await checkRefused(t, "unsupported_media_type", ["{}"], { "content-type": type });
  }
  await checkRefused(t, "unsupported_media_type", ["{}"], {});
});

test("where the type is optional, none and that of curl will do, unless a page has sent them", async (t) => {
  const curl = { "content-type": "application/x-www-form-urlencoded" };
  for (const headers of [{}, curl, JSON_TYPE]) assert.deepEqual(await send(t, ["{}"], headers, true), {});
  for (const headers of [
    { "content-type": "text/plain" },
    { ...curl, origin: "http://localhost:5173" },
    { ...curl, "sec-fetch-site": "none" },
    { origin: "null" },
  ]) {
    const error = await send(t, ["{}"], headers, true);
    assert.ok(error instanceof ProxyError, JSON.stringify(headers));
    assert.equal(error.kind, "unsupported_media_type");
  }
});

test("a compressed body is refused, and one that says it is not is read", async (t) => {
  for (const encoding of ["gzip", "br", "deflate"])
    await checkRefused(t, "unsupported_media_type", ["{}"], { ...JSON_TYPE, "content-encoding": encoding });
  assert.deepEqual(await send(t, ["{}"], { ...JSON_TYPE, "content-encoding": "identity" }), {});
});

test("what is no JSON is a 400, and an empty body too", async (t) => {
  for (const words of ["", " ", "{", "{'a':1}", "undefined", '{"a":1}{"b":2}'])
    await checkRefused(t, "invalid_request", [words]);
});

test("a body that is nested too deep or holds too much is refused before it is parsed", async (t) => {
  const cases = [
    ["[".repeat(101), "Cannot read body: nested more than 100 levels deep"],
    [`{"tools":${"[".repeat(100)}`, "Cannot read tools: nested more than 100 levels deep"],
    [`[${"{},".repeat(250_000)}`, "Cannot read body: more than 250000 values"],
  ] as const;
  for (const [text, message] of cases) {
    const error = await send(t, [text]);
    assert.ok(error instanceof ProxyError);
    assert.deepEqual([error.kind, error.message], ["invalid_request", message]);
  }
});

test("the words of a body that is no JSON are not told", async (t) => {
  const error = await send(t, ['{"secret": words}']);
  assert.ok(error instanceof ProxyError);
  assert.doesNotMatch(error.message, /secret|words/);
});

test("a body of exactly the limit is read, and one byte more is refused, though no length was announced", async (t) => {
  const MIB = 1024 * 1024;
  const filler = Buffer.alloc(MIB, "x");
  const pieces = (last: number): (string | Uint8Array)[] => [
    '"',
    ...Array.from({ length: BODY_LIMIT / MIB - 1 }, () => filler),
    filler.subarray(0, last),
    '"',
  ];
  const whole = await send(t, pieces(MIB - 2));
  assert.equal(typeof whole === "string" && whole.length, BODY_LIMIT - 2);
  await checkRefused(t, "too_large", [pieces(MIB - 1)].flat());
});

const KIB = 1024;

/** A server whose bodies may hold `budget` bytes together; each request is answered when the test says so. */
async function startReader(t: TestContext, budget: number) {
  const readJson = createBodyReader(budget);
  const answers: (() => void)[] = [];
  const server = createServer((incoming, response) => {
    const closed = new Promise<void>((close) => void response.once("close", close));
    const refuse = (error: unknown): void => {
      const isShort = error instanceof ProxyError && error.kind === "overloaded" && error.retryAfterSeconds === 5;
      response.writeHead(isShort ? 503 : 500).end();
    };
    readJson({ request: incoming, closed }).then(() => answers.push(() => response.end()), refuse);
    incoming.once("end", () => server.emit("read"));
  });
  t.after(() => server.closeAllConnections());
  t.after(() => server.close());
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  function open(): ClientRequest {
    const sent = request({ port, host: "127.0.0.1", method: "POST", headers: JSON_TYPE, agent: false });
    sent.on("error", () => undefined).on("response", (response) => response.resume());
    t.after(() => sent.destroy());
    return sent;
  }
  return { server, answers, open };
}

/** The status of a request whose body is so long. */
async function readStatus(sent: ClientRequest, kib: number): Promise<number | undefined> {
  sent.end(`"${"x".repeat(kib * KIB - 2)}"`);
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  return response.statusCode;
}

test("bodies that hold too much together are 503 with a time to come again, and small ones pass beside them", async (t) => {
  const { server, answers, open } = await startReader(t, 1000 * KIB);
  const first = open();
  const firstRead = once(server, "read");
  const firstStatus = readStatus(first, 1000);
  await firstRead;
  assert.equal(await readStatus(open(), 600), 503);
  const small = open();
  const smallRead = once(server, "read");
  const smallStatus = readStatus(small, 200);
  await smallRead;
  while (answers.length < 2) await new Promise(setImmediate);
  for (const answer of answers) answer();
  assert.deepEqual([await firstStatus, await smallStatus], [200, 200]);
});

test("bytes count until the answer has been given, or the client has left in the midst of its upload", async (t) => {
  const { server, answers, open } = await startReader(t, 1000 * KIB);
  const leaving = open();
  leaving.write(`"${"x".repeat(1100 * KIB)}`);
  const [{ socket }] = (await once(server, "request")) as [IncomingMessage];
  while (socket.bytesRead < 1100 * KIB) await new Promise(setImmediate);
  assert.equal(await readStatus(open(), 600), 503);
  leaving.destroy();
  await new Promise<void>((resolve) => void socket.once("close", resolve));
  const held = open();
  const read = once(server, "read");
  const status = readStatus(held, 1100);
  await read;
  while (answers.length < 1) await new Promise(setImmediate);
  assert.equal(await readStatus(open(), 600), 503);
  answers[0]?.();
  assert.equal(await status, 200);
  const last = readStatus(open(), 1100);
  while (answers.length < 2) await new Promise(setImmediate);
  answers[1]?.();
  assert.equal(await last, 200);
});
