/** Request bodies over a real socket: JSON of a bounded size, whatever the headers claim. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, request } from "node:http";
import type { OutgoingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { ProxyError } from "../../src/core/error.ts";
import { BODY_LIMIT, readJson } from "../../src/http/body.ts";

const JSON_TYPE = { "content-type": "application/json" };

/** Sends a body in these pieces, and gives what was read of it: the value, or the refusal. */
async function send(
  t: TestContext,
  pieces: readonly (string | Uint8Array)[],
  headers: OutgoingHttpHeaders = JSON_TYPE,
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
      readJson(incoming).then(settle, settle);
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

test("a compressed body is refused, and one that says it is not is read", async (t) => {
  for (const encoding of ["gzip", "br", "deflate"])
    await checkRefused(t, "unsupported_media_type", ["{}"], { ...JSON_TYPE, "content-encoding": encoding });
  assert.deepEqual(await send(t, ["{}"], { ...JSON_TYPE, "content-encoding": "identity" }), {});
});

test("what is no JSON is a 400, and an empty body too", async (t) => {
  for (const words of ["", " ", "{", "{'a':1}", "undefined", '{"a":1}{"b":2}'])
    await checkRefused(t, "invalid_request", [words]);
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
