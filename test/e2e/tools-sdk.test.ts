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

const text = (words: string): object[] => [{ type: "text", text: words }];

/** The blocks of a conversation as the API is to have them after so many rounds from this one on. */
function expectedAfter(from: number, rounds: number): object[] {
  const messages: object[] = [{ role: "user", content: text("add up") }];
  for (let at = from; at < from + rounds; at++) {
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
          content: text(String(at + b)),
        })),
      },
    );
  }
  return messages;
}

test("runTools plays ten rounds of two calls each, whole and then streaming, all in one process", async (t) => {
  const { upstream, proxy } = await startPair(t);
  upstream.answer((_, at) => {
    // The answer that ends the first ten is a call of the API as well.
    const round = at > ROUNDS ? at - 1 : at;
    return at === ROUNDS || round === 2 * ROUNDS
      ? [{ text: "All added." }]
      : [
          { text: ["Round ", `${round}.`] },
          call("add", { a: round, b: 1 }, `toolu_r${round}a`),
          call("add", { a: round, b: 2 }, `toolu_r${round}b`),
        ];
  });
  const client = new OpenAI({ baseURL: `${proxy.url}/v1`, apiKey: "none", maxRetries: 0 });
  const messages: OpenAI.ChatCompletionMessageParam[] = [];
  const before: object[] = [];
  for (const stream of [false, true]) {
    const [first, from] = stream ? [ROUNDS + 1, ROUNDS] : [0, 0];
    const seen: object[] = [];
    const tools = [
      {
        type: "function" as const,
        function: {
          ...CLIENT_SCHEMA,
          parse: (json: string) => JSON.parse(json) as { a: number; b: number },
          function(input: { a: number; b: number }) {
            seen.push(input);
            return String(input.a + input.b);
          },
        },
      },
    ];
    messages.push({ role: "user", content: "add up" });
    const body = { model: "claude-sonnet-4", messages: [...messages], tools };
    const options = { maxChatCompletions: ROUNDS + 1 };
    const runner = stream
      ? client.chat.completions.runTools({ ...body, stream: true }, options)
      : client.chat.completions.runTools(body, options);
    assert.equal(await runner.finalContent(), "All added.");
    assert.deepEqual(
      seen,
      Array.from({ length: ROUNDS }, (_, at) => [
        { a: from + at, b: 1 },
        { a: from + at, b: 2 },
      ]).flat(),
    );
    messages.splice(0, messages.length, ...runner.messages);

    assert.equal(upstream.calls.length, first + ROUNDS + 1);
    const offered = [{ name: "mcp__client__add", description: CLIENT_SCHEMA.description, input_schema: PARAMETERS }];
    for (const [at, held] of upstream.calls.slice(first).entries()) {
      assert.deepEqual(toPlainMessages(held), [...before, ...expectedAfter(from, at)]);
      assert.deepEqual(held.body.tools, offered);
    }
    before.push(...expectedAfter(from, ROUNDS), { role: "assistant", content: text("All added.") });
  }
  assert.deepEqual([readStarts(proxy).length, countStarts(proxy, "replay")], [1, 0]);
});
