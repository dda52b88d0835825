/** The feed of the status page, over real sockets: how its streams end. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { connect } from "node:net";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { openExchange } from "../../src/http/exchange.ts";
import { createFeed } from "../../src/http/feed.ts";
import type { Surroundings } from "../../src/http/usage.ts";
import { createLog } from "../../src/lib/log.ts";
import { createMeter } from "../../src/meter/meter.ts";

const LOG = createLog("error", () => undefined);
/** More than the buffers of a socket's two ends hold. */
const WIDE = { plan_reason: "x".repeat(32 * 1024 * 1024) } as Surroundings;

/** A page that follows the feed and reads nothing yet. */
async function openPage(t: TestContext, port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  t.after(() => socket.destroy());
  socket.pause().on("error", () => undefined);
  socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await once(socket, "connect");
  return socket;
}

/** A server that answers with the feed alone. */
async function start(t: TestContext, stallMs?: number) {
  const meter = createMeter({ now: Date.now, tick: () => performance.now() });
  const feed = createFeed({ meter, readSurroundings: () => Promise.resolve(WIDE) }, stallMs);
  const errors: Error[] = [];
  const told: Promise<void>[] = [];
  const responses: ServerResponse[] = [];
  const server = createServer((request, response) => {
    response.on("error", (error) => errors.push(error));
    responses.push(response);
    told.push(feed.follow(openExchange(request, response, LOG)));
  });
  t.after(() => server.close());
  t.after(() => server.closeAllConnections());
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  /** Opens one more page; everyone is told then. */
  async function open(): Promise<void> {
    await Promise.all([once(server, "request"), openPage(t, port)]);
    await told.at(-1);
  }
  return { feed, errors, responses, open };
}

test("a page that does not read is told nothing once its stream has ended", async (t) => {
  const { feed, errors, responses, open } = await start(t);
  await open();
  feed.close();
  assert.deepEqual([responses[0]?.writableEnded, responses[0]?.closed], [true, false], "the page holds up its stream");
  await open();
  await new Promise((resolve) => void setImmediate(resolve));
  assert.deepEqual(errors, []);
});

test("a page that takes nothing until its time is up is let go, and others go on", async (t) => {
  const { responses, open } = await start(t, 0);
  await open();
  await open();
  assert.deepEqual(
    responses.map(({ destroyed }) => destroyed),
    [true, false],
  );
});

test("a page that takes nothing keeps its place until its time is up", async (t) => {
  const { responses, open } = await start(t);
  await open();
  await open();
  assert.deepEqual(
    responses.map(({ destroyed }) => destroyed),
    [false, false],
  );
});
