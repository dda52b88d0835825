import assert from "node:assert/strict";
import { test } from "node:test";
import { toApiKey } from "../../src/core/key.ts";

test("a key may have a name in front of it", () => {
  assert.deepEqual(toApiKey("secret"), { name: undefined, key: "secret" });
  assert.deepEqual(toApiKey("laptop:secret"), { name: "laptop", key: "secret" });
  assert.deepEqual(toApiKey("home-server.2:a:b"), { name: "home-server.2", key: "a:b" });
});

test("what is no name belongs to the key", () => {
  for (const key of [":secret", "2024:secret", "my key:secret", `${"x".repeat(33)}:secret`, "laptop:"])
    assert.deepEqual(toApiKey(key), { name: undefined, key });
});
