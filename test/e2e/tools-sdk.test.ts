/** The official SDK's tool loop: ten rounds in one conversation, one process for all of them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import OpenAI from "openai";
import { countStarts, readStarts } from "../helpers/client.ts";
import { startPair } from "../helpers/pair.ts";
import { call } from "../helpers/tools.ts";
import { toPlainMessages } from "../helpers/upstream.ts";

const ROUNDS = 10;
const PARAMETERS = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object" as const,
  properties: { a: { type: "number" }, b: { type: "number" } },
  required: ["a", "b"],
  additionalProperties: false,
};
const CLIENT_SCHEMA = { name: "add", description: "adds two numbers", parameters: PARAMETERS };

/** The blocks of a whole conversation as the API is to have them after this many rounds. */
function expectedAfter(rounds: number): object[] {
  const messages: object[] = [{ role: "user", content: [{ type: "text", text: "add up" }] }];
  for (let at = 0; at < rounds; at++) {
    messages.push(
      {
        role: "assistant",
        content: [
          { type: "text", text: `Round ${at}.` },
          { type: "tool_use", id: `toolu_r${at}a`, name: "mcp__client__add", input: { a: at, b: 1 } },
          { type: "tool_use", id: `toolu_r${at}b`, name: "mcp__client__add", input: { a: at, b: 2 } },
        ],
      },
      {
        role: "user",
        content: [1, 2].map((b) => ({
          type: "tool_result",
          tool_use_id: `toolu_r${at}${b === 1 ? "a" : "b"}`,
          content: [{ type: "text", text: String(at + b) }],
        })),
      },
    );
  }
  return messages;
}

for (const stream of [false, true]) {
  test(`runTools plays ten rounds of two calls each, ${stream ? "streaming" : "whole"}`, async (t) => {
    const { upstream, proxy } = await startPair(t);
    upstream.answer((_, at) =>
      at < ROUNDS
        ? [
            { text: ["Round ", `${at}.`] },
            call("add", { a: at, b: 1 }, `toolu_r${at}a`),
            call("add", { a: at, b: 2 }, `toolu_r${at}b`),
          ]
        : [{ text: "All added." }],
    );
    const client = new OpenAI({ baseURL: `${proxy.url}/v1`, apiKey: "none", maxRetries: 0 });
    const seen: object[] = [];
    const tools = [
      {
        type: "function" as const,
        function: {
          ...CLIENT_SCHEMA,
          parse: (text: string) => JSON.parse(text) as { a: number; b: number },
          function(input: { a: number; b: number }) {
            seen.push(input);
            return String(input.a + input.b);
          },
        },
      },
    ];
    const body = { model: "claude-sonnet-4", messages: [{ role: "user" as const, content: "add up" }], tools };
    const options = { maxChatCompletions: ROUNDS + 1 };
    const runner = stream
      ? client.chat.completions.runTools({ ...body, stream: true }, options)
      : client.chat.completions.runTools(body, options);
    assert.equal(await runner.finalContent(), "All added.");
    assert.deepEqual(
      seen,
      Array.from({ length: ROUNDS }, (_, at) => [
        { a: at, b: 1 },
        { a: at, b: 2 },
      ]).flat(),
    );

    assert.equal(upstream.calls.length, ROUNDS + 1);
    assert.deepEqual([readStarts(proxy).length, countStarts(proxy, "replay")], [1, 0]);
    const offered = [{ name: "mcp__client__add", description: CLIENT_SCHEMA.description, input_schema: PARAMETERS }];
    for (const [at, held] of upstream.calls.entries()) {
      assert.deepEqual(toPlainMessages(held), expectedAfter(at));
      assert.deepEqual(held.body.tools, offered);
    }
  });
}
