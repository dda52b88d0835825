/**
 * Request paths: each spelling that clients use leads to one path, and endpoints that are not here say what to use
 * instead.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ProxyError } from "../../src/core/error.ts";
import { refusePath, toCanonicalPath, toTarget } from "../../src/http/path.ts";

const SPELLINGS: Readonly<Record<string, readonly string[]>> = {
  "/v1/chat/completions": [
    "/v1/chat/completions",
    "/chat/completions",
    "/v1/v1/chat/completions",
    "/v1/v1/v1/chat/completions",
    "/chat/completions/",
    "/v1/chat/completions//",
  ],
  "/v1/responses/resp_1/input_items": ["/responses/resp_1/input_items", "/v1/v1/responses/resp_1/input_items/"],
  "/v1/messages/count_tokens": ["/messages/count_tokens", "/v1/v1/messages/count_tokens"],
  "/v1/models": ["/models", "/v1/models/", "/v1/v1/models"],
  "/v1/models/anthropic/claude-opus-4": ["/models/anthropic/claude-opus-4"],
  "/health": ["/health", "/health/"],
  "/": ["/", "//", "///"],
  "/v1": ["/v1", "/v1/"],
  "/v2/models": ["/v2/models"],
  "/chatter": ["/chatter"],
};

for (const [path, spellings] of Object.entries(SPELLINGS)) {
  test(`${path} is found under each of its spellings`, () => {
    for (const spelling of spellings) assert.equal(toCanonicalPath(spelling), path, spelling);
  });
}

test("a path of slashes takes linear time", () => {
  const startedAt = performance.now();
  toCanonicalPath(`${"/".repeat(1_000_000)}x`);
  toCanonicalPath("/v1".repeat(300_000));
  assert.ok(performance.now() - startedAt < 1000);
});

test("a target is split at its first question mark, and may be in the absolute form", () => {
  assert.deepEqual(toTarget("/v1/messages?beta=true&x=?"), { path: "/v1/messages", query: "beta=true&x=?" });
  assert.deepEqual(toTarget("http://localhost:3456/v1/models"), { path: "/v1/models", query: "" });
  assert.deepEqual(toTarget("HTTP://localhost?x"), { path: "/", query: "x" });
  assert.deepEqual(toTarget("//evil.com/x"), { path: "//evil.com/x", query: "" });
});

test("an endpoint that is not here says what to use instead; any other path is only not found", () => {
  for (const path of ["/v1/embeddings", "/v1/audio/speech", "/v1/images/generations", "/v1/moderations"]) {
    const check = (error: unknown): boolean =>
      error instanceof ProxyError && error.kind === "not_found" && /: .*(Use|Ask) /.test(error.message);
    assert.throws(() => refusePath(path), check, path);
  }
  for (const path of ["/v1/files", "/v1/constructor", "/v1/toString/x", "/v1/__proto__"])
    assert.throws(() => refusePath(path), { message: `Cannot find ${path}` });
  assert.throws(() => refusePath("/embeddings-of-mine"), { message: "Cannot find /embeddings-of-mine" });
});
