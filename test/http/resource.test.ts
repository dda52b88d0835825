/** Resources over a real socket: what one packet asks for is answered one after the other. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { connect } from "node:net";
import { test } from "node:test";
import { DEFAULT_CODEC } from "../../src/codec/all.ts";
import { createModels } from "../../src/core/model.ts";
import { createBodyReader } from "../../src/http/body.ts";
import { openExchange } from "../../src/http/exchange.ts";
import { createResourceFinder } from "../../src/http/resource.ts";
import { createStoredResponses } from "../../src/http/stored.ts";
import { createLog } from "../../src/lib/log.ts";

const LOG = createLog("error", () => undefined);
const PIPELINED = 4;

test("between two answers that one packet asks for, everybody else has a turn", async (t) => {
  let asked = 0;
  /** Those that were answered when others had a turn. */
  const seen: number[] = [];
  const handle = (): object => {
    asked++;
    setImmediate(() => seen.push(asked));
    return {};
  };
  const codec = { ...DEFAULT_CODEC, resources: [{ path: "/held/:", methods: { GET: handle } }] };
  const known = { store: createStoredResponses(), models: createModels(new Map()), readJson: createBodyReader() };
  const find = createResourceFinder([codec], known);
  const server = createServer((request, response) => {
    const exchange = openExchange(request, response, LOG);
    void find(exchange.path)?.handle(exchange);
  });
  t.after(() => server.closeAllConnections());
  t.after(() => server.close());
  await once(server.listen(0, "127.0.0.1"), "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  t.after(() => socket.destroy());
  socket.write("GET /held/a HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(PIPELINED));
  let got = "";
  while (got.split("HTTP/1.1 200").length <= PIPELINED) got += String((await once(socket, "data"))[0]);
  while (seen.length < PIPELINED) await new Promise(setImmediate);
  assert.deepEqual(seen, [1, 2, 3, 4]);
});
