/**
 * The server as HTTP clients meet it: who may ask, limits, plain endpoints, request ids, the log and the command line.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { request } from "node:http";
import type { IncomingHttpHeaders } from "node:http";
import { after, beforeEach, test } from "node:test";
import { STARTS } from "../../src/core/start.ts";
import { SONNET } from "../helpers/cli.ts";
import { readAnswer, readError, user } from "../helpers/answer.ts";
import { BUNDLE, startProxy } from "../helpers/proxy.ts";
import { startUpstream } from "../helpers/upstream.ts";

const upstream = await startUpstream({ after });
const page = "http://localhost:5173";
const args = ["--spares", "0", "--allow-origin", page, "--allow-host", "box.lan", "--api-key", "key-one,key-two"];
const proxy = await startProxy({ after }, { upstream, args });
const { port } = new URL(proxy.url);
beforeEach(() => upstream.reset());

const KEY = { authorization: "Bearer key-one" };
const JSON_TYPE = { "content-type": "application/json" };
const CHAT = "/v1/chat/completions";
const hi = { model: "sonnet", messages: [user("hi")] };

interface Asked {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  /** Sent chunk by chunk, without a length. */
  readonly body?: Iterable<string | Buffer>;
  readonly host?: string;
}

interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** A request with whatever headers; `fetch` would not send some of them. */
async function ask({ method = "GET", path = "/health", headers = KEY, body, host = "127.0.0.1" }: Asked): Promise<Got> {
  const sent = request({ host, port, method, path, headers });
  const answered = once(sent, "response");
  answered.catch(() => undefined);
  for (const chunk of body ?? []) if (!sent.write(chunk)) await Promise.race([once(sent, "drain"), answered]);
  sent.end();
  const [response] = (await answered) as [AsyncIterable<Buffer> & { statusCode: number; headers: IncomingHttpHeaders }];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return { status: response.statusCode, headers: response.headers, text: Buffer.concat(chunks).toString() };
}

const post = (body: unknown, headers: Record<string, string> = {}): Asked => ({
  method: "POST",
  path: CHAT,
  headers: { ...KEY, ...JSON_TYPE, ...headers },
  body: [JSON.stringify(body)],
});

test("only a Host that is this machine, or allowed, is served", async () => {
  for (const host of [
    "localhost",
    `127.0.0.1:${port}`,
    "[::1]:80",
    "127.9.9.9",
    "LOCALHOST:1",
    "box.lan",
    "box.lan:3456",
  ]) {
    assert.equal((await ask({ headers: { ...KEY, host } })).status, 200, host);
  }
  for (const host of [
    "evil.example",
    `evil.example:${port}`,
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "0.0.0.0",
    "192.168.1.9",
  ]) {
    assert.equal((await ask({ headers: { ...KEY, host } })).status, 403, host);
    assert.equal((await ask({ ...post(hi), headers: { ...KEY, ...JSON_TYPE, host } })).status, 403, host);
  }
  assert.equal(upstream.calls.length, 0);
});

test("only an allowed Origin is served, and it alone may read the answer", async () => {
  for (const origin of ["https://evil.example", "null", "http://localhost:5174", `${page}.evil.example`]) {
    const { status, headers } = await ask({ headers: { ...KEY, origin } });
    assert.deepEqual([status, headers["access-control-allow-origin"]], [403, undefined], origin);
  }
  const { status, headers } = await ask({ headers: { ...KEY, origin: page } });
  assert.deepEqual([status, headers["access-control-allow-origin"], headers.vary], [200, page, "Origin"]);
  assert.match(String(headers["access-control-expose-headers"]), /x-request-id/);
  assert.equal((await ask({})).headers["access-control-allow-origin"], undefined);
});

test("a preflight is answered for an allowed origin without a key, and for no other", async () => {
  const asked = {
    "access-control-request-method": "POST",
    "access-control-request-headers": "content-type,authorization",
  };
  const good = await ask({ method: "OPTIONS", path: CHAT, headers: { origin: page, ...asked } });
  assert.equal(good.status, 204);
  assert.equal(good.headers["access-control-allow-origin"], page);
  assert.match(String(good.headers["access-control-allow-methods"]), /POST/);
  assert.equal(good.headers["access-control-allow-headers"], asked["access-control-request-headers"]);
  assert.equal(
    (await ask({ method: "OPTIONS", path: CHAT, headers: { origin: "https://evil.example", ...asked } })).status,
    403,
  );
});

test("a key is asked for, as a Bearer token or x-api-key; each of several fits", async () => {
  const good = [{ authorization: "Bearer key-one" }, { authorization: "bearer  key-two" }, { "x-api-key": "key-two" }];
  for (const headers of good) assert.equal((await ask({ headers })).status, 200, JSON.stringify(headers));
  const bad = [
    {},
    { authorization: "Bearer key-three" },
    { authorization: "Bearer key-on" },
    { authorization: "Basic key-one" },
    { "x-api-key": "" },
  ];
  for (const headers of bad) {
    const { status, text } = await ask({ ...post(hi), headers: { ...JSON_TYPE, ...headers } });
    const { error } = JSON.parse(text) as { error: { code: string } };
    assert.deepEqual([status, error.code], [401, "invalid_api_key"], JSON.stringify(headers));
    assert.doesNotMatch(text, /key-one|key-two/);
  }
  assert.equal(upstream.calls.length, 0);
});

test("a body must be JSON by name", async () => {
  for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""]) {
    assert.equal((await ask(post(hi, { "content-type": type }))).status, 415, type);
  }
  assert.equal((await ask(post({}, { "content-type": "Application/JSON; charset=utf-8" }))).status, 400);
  assert.equal((await ask(post({}, { "content-encoding": "gzip" }))).status, 415);
});

test("a body above 32 MB is 413, counted on the stream; one just below is read", async () => {
  const chunk = Buffer.alloc(1024 * 1024, " ");
  const { body: _, ...head } = post({});
  const large = await ask({ ...head, body: [...Array.from({ length: 32 }, () => chunk), "{}"] });
  assert.equal(large.status, 413, large.text);
  assert.equal((JSON.parse(large.text) as { error: { code: string } }).error.code, "request_too_large");
  const fitting = await ask({ ...head, body: [...Array.from({ length: 31 }, () => chunk), "{}"] });
  assert.deepEqual([fitting.status, fitting.text.includes('"model"')], [400, true]);
});

test("a wrong method is 405 with Allow, an unknown path 404", async () => {
  for (const [method, path, allow] of [
    ["GET", CHAT, "POST"],
    ["DELETE", "/v1/models", "GET, HEAD"],
    ["POST", "/health", "GET, HEAD"],
  ] as const) {
    const { status, headers } = await ask({ method, path });
    assert.deepEqual([status, headers.allow], [405, allow], `${method} ${path}`);
  }
  for (const path of ["/v1", "/v1/chat/completion", "/v1/embeddings", "//health", "/v1/chat/completion/"]) {
    const { status, text } = await ask({ path });
    assert.deepEqual([status, (JSON.parse(text) as { error: { code: string } }).error.code], [404, "not_found"], path);
  }
});

test("health tells version, CLI, login and sessions", async () => {
  const { status, text, headers } = await ask({ path: "/health?verbose=1" });
  const health = JSON.parse(text) as Record<string, unknown>;
  assert.equal(status, 200);
  assert.match(String(headers["content-type"]), /^application\/json/);
  assert.deepEqual([health["status"], health["provider"]], ["ok", "claude-code-cli"]);
  assert.match(String(health["version"]), /^\d+\.\d+\.\d+/);
  assert.ok(Math.abs(Date.now() - Date.parse(String(health["timestamp"]))) < 60_000);
  assert.ok(Number(health["uptime_seconds"]) >= 0);
  assert.deepEqual(Object.keys(health["claude"] as object), ["path", "version"]);
  assert.match((health["claude"] as { version: string }).version, /^2\.1\.\d+$/);
  assert.deepEqual(Object.keys(health["auth"] as object), ["logged_in", "method"]);
  const { replayed, cached_input: cached, ...starts } = health["turns"] as Record<string, unknown>;
  assert.deepEqual(Object.keys(starts), [...STARTS]);
  assert.equal(typeof replayed, "number");
  assert.ok(cached === null || typeof cached === "number");
  assert.deepEqual(health["sessions"], { live: 0, busy: 0, spare: 0, queued: 0 });
  const head = await ask({ method: "HEAD" });
  assert.deepEqual([head.status, head.text], [200, ""]);
});

test("models are listed, and each can be looked up", async () => {
  const list = JSON.parse((await ask({ path: "/v1/models" })).text) as {
    object: string;
    data: { id: string; object: string; owned_by: string; created: number }[];
  };
  const ids = list.data.map(({ id }) => id);
  assert.equal(list.object, "list");
  for (const id of ["claude-opus-4", "claude-sonnet-4", "claude-haiku-4"]) assert.ok(ids.includes(id), id);
  assert.ok(
    list.data.every(
      (model) => model.object === "model" && model.owned_by === "anthropic" && Number.isInteger(model.created),
    ),
  );
  for (const id of [
    "claude-opus-4",
    "claude-opus-4-5-20251101",
    "anthropic/claude-sonnet-4",
    encodeURIComponent("anthropic/claude-sonnet-4"),
  ]) {
    const { status, text } = await ask({ path: `/v1/models/${id}` });
    const model = JSON.parse(text) as { id: string; object: string };
    assert.deepEqual([status, model.object, model.id], [200, "model", decodeURIComponent(id)], id);
  }
  assert.equal((await ask({ path: "/v1/models/gpt-4o" })).status, 404);
  assert.equal((await ask({ path: "/v1/models/%zz" })).status, 400);
});

test("a sane request id comes back, under the names that clients read, and any other is replaced", async () => {
  const { headers } = await ask({ headers: { ...KEY, "x-request-id": "abc-1.2:3_4" } });
  assert.deepEqual([headers["x-request-id"], headers["request-id"]], ["abc-1.2:3_4", "abc-1.2:3_4"]);
  const seen = new Set<unknown>();
  for (const id of ["a b", "x".repeat(129), "a\tb=c", '"', ""]) {
    const got = (await ask({ headers: { ...KEY, "x-request-id": id } })).headers["x-request-id"];
    assert.match(String(got), /^req_[0-9a-f]{32}$/);
    seen.add(got);
  }
  assert.equal(seen.size, 5);
  assert.equal(
    (await ask({ headers: { ...KEY, host: "evil.example", "x-request-id": "still-1" } })).headers["x-request-id"],
    "still-1",
  );
});

test("the access log tells how a request went and not what it said", async () => {
  upstream.answer(() => [{ text: "a-private-answer" }]);
  const messages = [{ role: "system", content: "a-private-rule" }, user("a-private-question")];
  const response = await proxy.chat(
    { model: "sonnet", messages, stream: true },
    { headers: { ...KEY, "x-request-id": "log-1" } },
  );
  await response.text();
  const line = await proxy.logged(/ request .*id=log-1/);
  assert.match(
    line,
    new RegExp(
      ` info request method=POST path=/v1/chat/completions status=200 ms=\\d+ model=${SONNET} stream=true start=(spare|cold) tokens_in=15 tokens_out=42 id=log-1$`,
    ),
  );
  await ask(post({ ...hi, model: "a-wrong-model" }, { "x-request-id": "log-2" }));
  assert.match(await proxy.logged(/ request .*id=log-2/), /status=404 .*error=model_not_found/);
  await ask({
    path: `/v1/x%0a2026 error forged?key=key-one`.replaceAll(" ", "%20"),
    headers: { ...KEY, "x-request-id": "log-3" },
  });
  assert.match(await proxy.logged(/ request .*id=log-3/), /status=404/);
  assert.doesNotMatch(proxy.log.join("\n"), /private|key-one/);
});

test("127.0.0.1 and ::1 both answer, on one port", async () => {
  for (const host of ["127.0.0.1", "::1"]) assert.equal((await ask({ host })).status, 200, host);
});

test("connections are kept for longer than clients pool them", async () => {
  const { headers } = await ask({ headers: { ...KEY, connection: "keep-alive" } });
  const seconds = Number(/timeout=(\d+)/.exec(String(headers["keep-alive"]))?.[1]);
  assert.ok(seconds >= 90, String(headers["keep-alive"]));
});

test("what stands in the way of a request does not stop the next one", async () => {
  assert.equal((await readError(await proxy.chat(hi))).status, 401);
  assert.equal((await readAnswer(await proxy.chat(hi, { headers: KEY }))).text, "Hello world");
});

/** Runs the program to its end. */
async function run(
  list: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [BUNDLE, ...list], {
    env: { PATH: process.env["PATH"], HOME: proxy.home, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => (output.stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output.stderr += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, ...output };
}

const REFUSED: readonly (readonly [args: string[], code: number, words: RegExp, env?: NodeJS.ProcessEnv])[] = [
  [["--host", "0.0.0.0"], 2, /0\.0\.0\.0 .*--api-key/],
  [["--port", "70000"], 2, /--port 70000.* 0 to 65535/],
  [["--port"], 2, /--port/],
  [["--alias", "gpt-4o"], 2, /NAME=MODEL/],
  [["--allow-origin", "localhost:5173"], 2, /--allow-origin localhost:5173/],
  [["--log-level", "loud"], 2, /--log-level loud/],
  [[], 2, /--max-queue many/, { CLAUDE_MAX_API_MAX_QUEUE: "many" }],
  [["--port", port], 1, new RegExp(`127\\.0\\.0\\.1:${port}.*taken.*--port`)],
];
for (const [list, code, words, env] of REFUSED) {
  test(`"${[...list, ...Object.values(env ?? {})].join(" ").replace(port, "TAKEN")}" is refused in one sentence`, async () => {
    const ended = await run(list, env);
    assert.deepEqual([ended.code, ended.stdout], [code, ""]);
    assert.match(ended.stderr, words);
    assert.equal(ended.stderr.trimEnd().split("\n").length, 1, ended.stderr);
  });
}

test("--help shows examples and every option, --version the version", async () => {
  const help = await run(["--help"]);
  assert.deepEqual([help.code, help.stderr], [0, ""]);
  for (const part of ["$ claude-max-api\n", "--port", "--api-key", "--activity-timeout", "--demo"])
    assert.ok(help.stdout.includes(part), part);
  const version = await run(["--version"]);
  assert.equal(version.code, 0);
  assert.match(version.stdout, /^\d+\.\d+\.\d+\n$/);
});
