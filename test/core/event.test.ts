/** Usage arithmetic that every protocol shares. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { NO_USAGE, toPromptTokens } from "../../src/core/event.ts";

test("prompt tokens are all that went in, cached or not", () => {
  assert.equal(toPromptTokens({ input: 1, cacheCreation: 20, cacheRead: 300, output: 4000 }), 321);
  assert.equal(toPromptTokens(NO_USAGE), 0);
});
