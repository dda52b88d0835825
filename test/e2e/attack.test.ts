/** Requests that no client sends by accident: none is served, none harms the server, and each leaves it as it was. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { after, test } from "node:test";
import { user } from "../helpers/answer.ts";
import { readHealth } from "../helpers/client.ts";
import { eventually, FAKE_CLI, startProxy } from "../helpers/proxy.ts";

const proxy = await startProxy({ after }, { args: ["--claude", FAKE_CLI, "--spares", "0"] });
const port = Number(new URL(proxy.url).port);
const BODY = JSON.stringify({ model: "sonnet", messages: [user("hi")] });
const HOST = "Host: localhost\r\n";
const POST = `POST /v1/chat/completions HTTP/1.1\r\n${HOST}Content-Type: application/json\r\n`;
const CLOSE = "Connection: close\r\n\r\n";

function open(): Socket {
  const socket = connect({ port, host: "127.0.0.1" });
  socket.on("error", () => undefined);
  return socket;
}

/** Sends bytes, and gives everything that comes back until the server closes. */
async function send(text: string): Promise<string> {
  const socket = open();
  let got = "";
  socket.on("data", (chunk: Buffer) => (got += chunk.toString()));
  socket.write(text);
  await new Promise<void>((resolve) => void socket.once("close", () => resolve()));
  return got;
}

const REFUSED: Readonly<Record<string, readonly [text: string, status: number]>> = {
  "a length beside chunks": [
    `${POST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /health HTTP/1.1\r\n${HOST}\r\n`,
    400,
  ],
  "two lengths": [`${POST}Content-Length: 1\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`, 400],
  "a signed length": [`${POST}Content-Length: +5\r\n\r\nabcde`, 400],
  "a space before the colon": [`${POST}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`, 400],
  "an unknown coding": [`${POST}Transfer-Encoding: xchunked\r\nContent-Length: 3\r\n\r\nabc`, 400],
  "a chunk of no size": [`${POST}Transfer-Encoding: chunked\r\n\r\nzz\r\nabc`, 400],
  "a chunk beyond all numbers": [`${POST}Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFF\r\nabc`, 400],
  "a chunk extension of 30 kB": [`${POST}Transfer-Encoding: chunked\r\n\r\n5;${"a".repeat(30_000)}\r\nabcde\r\n`, 413],
  "a folded header": [`GET /health HTTP/1.1\r\n${HOST}X-A: b\r\n c\r\n${CLOSE}`, 400],
  "bare newlines": ["GET /health HTTP/1.1\nHost: localhost\nConnection: close\n\n", 400],
  "20 kB of headers": [`GET /health HTTP/1.1\r\n${HOST}X: ${"a".repeat(20_000)}\r\n${CLOSE}`, 431],
  "a target of 20 kB": [`GET /${"a".repeat(20_000)} HTTP/1.1\r\n${HOST}${CLOSE}`, 431],
  "a zero byte in the target": [`GET /health\0 HTTP/1.1\r\n${HOST}${CLOSE}`, 400],
  "another expectation": [`${POST}Expect: tea\r\nContent-Length: 0\r\n${CLOSE}`, 417],
  "no host": [`GET /health HTTP/1.1\r\n${CLOSE}`, 400],
  "no host in HTTP/1.0": ["GET /health HTTP/1.0\r\n\r\n", 403],
  "two hosts": [`GET /health HTTP/1.1\r\n${HOST}Host: evil.example\r\n${CLOSE}`, 400],
  "an absolute target elsewhere": [`GET http://evil.example/health HTTP/1.1\r\n${HOST}${CLOSE}`, 403],
  "an absolute target with a user": [`GET http://localhost@evil.example/health HTTP/1.1\r\n${HOST}${CLOSE}`, 403],
  "a host that looks like an address": [`GET /health HTTP/1.1\r\nHost: 127.0.0.256\r\n${CLOSE}`, 403],
  "a trace": [`TRACE /health HTTP/1.1\r\n${HOST}${CLOSE}`, 405],
  "the preface of HTTP/2": ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400],
  "a TLS hello": ["\x16\x03\x01\x02\x00\x01\x00", 400],
};

for (const [what, [text, status]] of Object.entries(REFUSED)) {
  test(`${what} is refused with ${status}, once`, async () => {
    const got = await send(text);
    assert.deepEqual(got.match(/^HTTP\/1\.1 \d+/gm), [`HTTP/1.1 ${status}`], got);
  });
}

test("a tunnel is not opened, and an upgrade is answered as if it were none", async () => {
  assert.equal(await send(`CONNECT evil.example:443 HTTP/1.1\r\n${HOST}\r\n`), "");
  const upgrade = `GET /health HTTP/1.1\r\n${HOST}Upgrade: websocket\r\nConnection: Upgrade, close\r\n\r\n`;
  assert.match(await send(upgrade), /^HTTP\/1\.1 200 /);
});

test("what is odd but well-formed is served: the absolute form, HTTP/1.0, an expectation of 100", async () => {
  assert.match(await send(`GET http://localhost/health HTTP/1.1\r\n${HOST}${CLOSE}`), /^HTTP\/1\.1 200 /);
  assert.match(await send(`GET /v1/models HTTP/1.0\r\n${HOST}\r\n`), /^HTTP\/1\.1 200 /);
  const expecting = `${POST}Expect: 100-continue\r\nContent-Length: ${BODY.length}\r\n${CLOSE}${BODY}`;
  assert.match(await send(expecting), /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /);
});

test("uploads that end in their midst, by FIN or RST, leave nothing behind", async () => {
  for (let at = 0; at < 20; at++) {
    const socket = open();
    socket.write(`${POST}X-Request-Id: upload-${at}\r\nExpect: 100-continue\r\nContent-Length: 1000000\r\n\r\n${BODY}`);
    // The server has seen the request: a reset before would take it back.
    await once(socket, "data");
    if (at % 2 === 0) socket.resetAndDestroy();
    else socket.destroy();
  }
  for (let at = 0; at < 20; at++) assert.match(await proxy.logged(new RegExp(`id=upload-${at}$`)), / status=499 /);
  const { busy, queued } = (await readHealth(proxy)).sessions;
  assert.deepEqual([busy, queued], [0, 0]);
  assert.deepEqual(
    proxy.log.filter((line) => / (warn|error) /.test(line)),
    [],
  );
});

test("a client that takes all descriptors is answered 503 with a time to come again, and then served", async (t) => {
  const command = `ulimit -n 45; exec "$0" "$@"`;
  const small = await startProxy(t, { args: ["--claude", FAKE_CLI, "--spares", "0"], shell: command });
  const address = { port: Number(new URL(small.url).port), host: "127.0.0.1" };
  const sockets = Array.from({ length: 120 }, () => connect(address).on("error", () => undefined));
  t.after(() => sockets.forEach((socket) => socket.destroy()));
  const [first] = sockets as [Socket];
  await once(first, "connect");
  await eventually("no connection is taken any more", () => sockets.some((socket) => socket.destroyed));
  first.write(`${POST}Content-Length: ${BODY.length}\r\n\r\n${BODY}`);
  const [answer] = (await once(first, "data")) as [Buffer];
  assert.match(answer.toString(), /^HTTP\/1\.1 503 [\s\S]*\r\nretry-after: \d/);
  for (const socket of sockets) socket.destroy();
  await eventually("turns are served again", async () =>
    small.chat(JSON.parse(BODY) as object).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
});
