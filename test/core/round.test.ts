/** Answers in rounds: split at the results of MCP servers' calls, and gathered again as one step. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { splitRounds, toResultText, toSteps } from "../../src/core/round.ts";
import type { RoundPart } from "../../src/core/round.ts";
import type { Message } from "../../src/core/turn.ts";

const text = (words: string): RoundPart => ({ type: "text", text: words });
const call = (id: string, server?: string): RoundPart => ({
  ...{ type: "call", id, name: "f", input: {} },
  ...(server === undefined ? {} : { server }),
});
const result = (id: string): RoundPart => ({ type: "result", id, content: [], isError: false });

/** Messages in a few characters: `a:c1` for an assistant's, `u:r1` for a user's. */
const shorten = (messages: readonly Message[]): string =>
  messages
    .map(({ role, content }) => {
      const parts = content.map((part) => ("id" in part ? part.id : part.type));
      return `${role.slice(0, 1)}:${parts.join("+")}`;
    })
    .join(" ");

test("an answer is split where results stand", () => {
  const split = (...parts: RoundPart[]): string => shorten(splitRounds(parts));
  assert.equal(split(), "a:");
  assert.equal(split(text("x"), call("c")), "a:text+c");
  assert.equal(split(text("x"), call("1", "s"), result("1"), text("y")), "a:text+1 u:1 a:text");
  assert.equal(split(call("1", "s"), call("2", "s"), result("1"), result("2"), text("y")), "a:1+2 u:1+2 a:text");
  assert.equal(split(call("1", "s"), result("1"), call("2", "s"), result("2")), "a:1 u:1 a:2 u:2");
});

test("a server's call without a result is left out, and a result without a call; a client's call stays", () => {
  const split = (...parts: RoundPart[]): string => shorten(splitRounds(parts));
  assert.equal(split(text("x"), call("1", "s"), call("c")), "a:text+c");
  assert.equal(split(result("1"), text("x"), call("1", "s")), "a:text");
  assert.equal(split(call("1", "s"), result("1"), result("1"), text("x")), "a:1 u:1 a:text");
});

test("an answer with its rounds is one step", () => {
  const user = (...content: (RoundPart & { type: "text" | "result" })[]): Message => ({ role: "user", content });
  const say = text("x") as RoundPart & { type: "text" };
  const got = (id: string) => result(id) as RoundPart & { type: "result" };
  const answer = splitRounds([call("1", "s"), result("1"), call("2", "s"), result("2"), text("y")]);
  const clientCall = splitRounds([call("c")]);
  const messages = [user(say), ...answer, user(say), ...clientCall, user(got("c")), ...splitRounds([text("z")])];
  assert.deepEqual([...toSteps(messages)].map(shorten), [
    "u:text",
    "a:1 u:1 a:2 u:2 a:text",
    "u:text",
    "a:c",
    "u:c",
    "a:text",
  ]);
  const apart = [...splitRounds([text("a")]), ...splitRounds([text("b")])];
  assert.deepEqual([...toSteps(apart)].map(shorten), ["a:text", "a:text"]);
});

test("a result is one text, in which an image is told by its type", () => {
  const image = { type: "image", source: { type: "base64", mediaType: "image/png", data: "AA==" } } as const;
  assert.equal(toResultText([{ type: "text", text: "a" }, image]), "a\n[image: image/png]");
});
