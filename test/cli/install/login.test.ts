/** The login as it is known: asked for, and corrected by what turns show. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Login } from "../../../src/cli/install/find.ts";
import { createLoginMemory } from "../../../src/cli/install/login.ts";
import { createLog } from "../../../src/lib/log.ts";

const SIGNED_IN: Login = { isLoggedIn: true, method: "claude.ai" };

test("what a turn has shown stands, also against the answer to a question that was asked before it", async () => {
  let answer = (_login: Login): void => undefined;
  const memory = createLoginMemory(() => new Promise((resolve) => (answer = resolve)), createLog("error"));
  const first = memory.read();
  memory.record(false);
  answer(SIGNED_IN);
  assert.equal((await first)?.isLoggedIn, false);
  assert.equal((await memory.read())?.isLoggedIn, false);
});

test("it is asked for once, however many want to know, and is told how it was found", async () => {
  let asked = 0;
  const memory = createLoginMemory(async () => {
    asked++;
    return SIGNED_IN;
  }, createLog("error"));
  assert.deepEqual(await Promise.all([memory.read(), memory.read()]), [SIGNED_IN, SIGNED_IN]);
  memory.record(true);
  assert.deepEqual(await memory.read(), SIGNED_IN);
  assert.equal(asked, 1);
});
