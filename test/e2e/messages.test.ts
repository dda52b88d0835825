/** Anthropic Messages, end to end, with the official client. */
import assert from "node:assert/strict";
import { APIError, APIUserAbortError, BadRequestError, NotFoundError } from "@anthropic-ai/sdk";
import type Anthropic from "@anthropic-ai/sdk";
import { createLatch } from "../helpers/client.ts";
import { SONNET } from "../helpers/cli.ts";
import { shareProxy } from "../helpers/scene.ts";
import { createAnthropic, PNG } from "../helpers/sdk.ts";
import { toPlainMessages } from "../helpers/upstream.ts";

const MODEL = "claude-sonnet-4";
const scene = shareProxy("Anthropic Messages with the official client", "--spares", "0", "--max-sessions", "8");
const HI: Anthropic.MessageCreateParamsNonStreaming = {
  model: MODEL,
  max_tokens: 1000,
  messages: [{ role: "user", content: "hi" }],
};

/** What tests have said to the process that they share; "hi" again, after it. */
let said: Anthropic.MessageParam[] = [];
const next = (): typeof HI => ({ ...HI, messages: [...said, ...HI.messages] });

/** A conversation in which the tool was called. */
let looked: Anthropic.MessageParam[] = [];

const WEATHER: Anthropic.Tool = {
  name: "weather",
  description: "The weather in a city",
  input_schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};

scene(
  "a whole answer has its text, its stop reason and its usage; the system prompt holds every system text",
  async ({ upstream, proxy }) => {
    const client = createAnthropic(proxy.url);
    const message = await client.messages.create({
      ...HI,
      system: [
        { type: "text", text: "Be brief.", cache_control: { type: "ephemeral" } },
        { type: "text", text: "Be kind." },
      ],
    });
    assert.deepEqual(message.content, [{ type: "text", text: "Hello world" }]);
    assert.equal(message.stop_reason, "end_turn");
    assert.equal(message.model, SONNET);
    assert.deepEqual(message.usage, {
      input_tokens: 7,
      cache_creation_input_tokens: 3,
      cache_read_input_tokens: 5,
      output_tokens: 42,
    });
    assert.equal(upstream.calls[0]?.body.system?.at(-1)?.text, "Be brief.\n\nBe kind.");
    assert.equal(upstream.calls[0]?.body.max_tokens, 1000);
  },
);

scene(
  "a stream gives the same message as a whole answer, with thinking where it was asked for",
  async ({ upstream, proxy }) => {
    const client = createAnthropic(proxy.url);
    upstream.answer(() => [{ thinking: ["Let me ", "see"] }, { text: ["Hello", " world"] }]);
    const types: string[] = [];
    let begun: Partial<Anthropic.Usage> = {};
    const stream = client.messages
      .stream({ ...HI, thinking: { type: "adaptive" } })
      .on("streamEvent", ({ type }) => types.push(type))
      .on("streamEvent", (event) => event.type === "message_start" && (begun = { ...event.message.usage }));
    const { content, usage } = await stream.finalMessage();
    assert.deepEqual([begun.input_tokens, begun.cache_creation_input_tokens, begun.cache_read_input_tokens], [7, 3, 5]);
    assert.deepEqual(content, [
      { type: "thinking", thinking: "Let me see", signature: "c2ln" },
      { type: "text", text: "Hello world" },
    ]);
    assert.deepEqual(usage, {
      input_tokens: 7,
      cache_creation_input_tokens: 3,
      cache_read_input_tokens: 5,
      output_tokens: 42,
    });
    assert.equal(types[0], "message_start");
    assert.deepEqual(types.slice(-2), ["message_delta", "message_stop"]);
    const messages = [...HI.messages, { role: "assistant", content } as const, ...HI.messages];
    const plain = await client.messages.stream({ ...HI, messages }).finalMessage();
    assert.deepEqual(plain.content, [{ type: "text", text: "Hello world" }]);
    said = [...messages, { role: "assistant", content: plain.content }];
  },
);

scene("an image and documents reach the model as they are", async ({ upstream, proxy }) => {
  const client = createAnthropic(proxy.url);
  const content = [
    { type: "text", text: "What is this?" },
    { type: "image", source: { type: "base64", media_type: "image/png", data: PNG } },
    { type: "image", source: { type: "url", url: "https://example.com/cat.png" } },
    {
      type: "document",
      source: { type: "base64", media_type: "application/pdf", data: "JVBERi0xLjQK" },
      title: "a.pdf",
    },
    { type: "document", source: { type: "text", media_type: "text/plain", data: "some notes" } },
  ] as const;
  const messages: typeof said = [...said, { role: "user", content: [...content] }];
  const answer = await client.messages.create({ ...HI, messages });
  assert.deepEqual(toPlainMessages(upstream.calls[0]).at(-1)?.content, content);
  said = [...messages, { role: "assistant", content: answer.content }];
});

scene(
  "two rounds of tools go through one process; a failed tool is told as such",
  async ({ upstream, proxy, countReplays }) => {
    const client = createAnthropic(proxy.url);
    upstream.answer((_, at) =>
      at < 2
        ? [{ text: "Looking." }, { tool: "mcp__client__weather", input: { city: at === 0 ? "Bern" : "Basel" } }]
        : [{ text: "Both sunny." }],
    );
    const messages: Anthropic.MessageParam[] = [{ role: "user", content: "Weather in Bern and Basel?" }];
    for (const round of [0, 1]) {
      const asked = { ...HI, messages, tools: [WEATHER] };
      const message = await (round === 0
        ? client.messages.create(asked)
        : client.messages.stream(asked).finalMessage());
      assert.equal(message.stop_reason, "tool_use");
      const call = message.content.find((block) => block.type === "tool_use");
      assert.deepEqual(call?.input, { city: round === 0 ? "Bern" : "Basel" });
      const content = round === 0 ? "sunny" : [{ type: "text", text: "no such city" } as const];
      messages.push({ role: "assistant", content: message.content });
      messages.push({
        role: "user",
        content: [{ type: "tool_result", tool_use_id: call?.id ?? "", content, is_error: round === 1 }],
      });
    }
    const last = await client.messages.create({ ...HI, messages, tools: [WEATHER] });
    assert.deepEqual(last.content, [{ type: "text", text: "Both sunny." }]);
    assert.equal(countReplays(), 0);
    assert.match(JSON.stringify(toPlainMessages(upstream.calls[2]).at(-1)), /"is_error":true/);
    looked = [...messages, { role: "assistant", content: last.content }];
  },
);

scene("the tool runner of the official client comes to its end", async ({ upstream, proxy }) => {
  const client = createAnthropic(proxy.url);
  upstream.answer((call) =>
    JSON.stringify(toPlainMessages(call).at(-1)).includes("sunny")
      ? [{ text: "Sunny." }]
      : [{ tool: "mcp__client__weather", input: { city: "Bern" } }],
  );
  const { betaTool } = await import("@anthropic-ai/sdk/helpers/beta/json-schema");
  const weather = betaTool({
    name: "weather",
    description: "The weather in a city",
    inputSchema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
    run: () => "sunny",
  });
  const message = await client.beta.messages.toolRunner({
    ...HI,
    messages: [...looked, { role: "user", content: "Weather?" }],
    tools: [weather],
  });
  assert.deepEqual(message.content, [{ type: "text", text: "Sunny." }]);
});

scene("structured output is the JSON the schema asks for", async ({ upstream, proxy }) => {
  const client = createAnthropic(proxy.url);
  upstream.answer(() => [{ tool: "StructuredOutput", input: { city: "Bern" } }]);
  const schema = {
    type: "object",
    properties: { city: { type: "string" } },
    required: ["city"],
    additionalProperties: false,
  };
  const message = await client.messages.create({
    ...HI,
    output_config: { effort: "low", format: { type: "json_schema", schema } },
  });
  assert.deepEqual(message.content, [{ type: "text", text: '{"city":"Bern"}' }]);
  assert.equal(upstream.calls[0]?.body.output_config?.effort, "low");
});

scene("stop sequences and the output limit end an answer with their reason", async ({ upstream, proxy }) => {
  const client = createAnthropic(proxy.url);
  upstream.answer(() => [{ text: ["one two", " three"] }]);
  const stopped = await client.messages.create({ ...next(), stop_sequences: ["three"] });
  assert.deepEqual(
    [stopped.stop_reason, stopped.stop_sequence, stopped.content],
    ["stop_sequence", "three", [{ type: "text", text: "one two " }]],
  );
  upstream.answer(() => [{ text: "Once upon" }, { stop: "max_tokens" }]);
  const messages = [...next().messages, { role: "assistant", content: stopped.content } as const, ...HI.messages];
  const cut = await client.messages.stream({ ...HI, messages, max_tokens: 16 }).finalMessage();
  assert.equal(cut.stop_reason, "max_tokens");
});

scene(
  "a failure before the first event has its status and type; one after it ends the stream with an error event",
  async ({ upstream, proxy }) => {
    const client = createAnthropic(proxy.url);
    upstream.answer(() => [{ status: 400, type: "invalid_request_error", message: "no" }]);
    await assert.rejects(
      client.messages.create(HI),
      (error) => error instanceof BadRequestError && error.type === "invalid_request_error",
    );
    const shown = createLatch();
    upstream.answer(() => [{ text: "Hel" }, { until: shown.opened }, { error: "overloaded_error" }]);
    const stream = client.messages.stream({ ...HI, messages: [{ role: "user", content: "hello" }] });
    stream.once("text", () => shown.open());
    await assert.rejects(stream.finalMessage(), (error) => {
      return error instanceof APIError && error.status === undefined && error.type !== null;
    });
  },
);

scene("errors and unknown paths below /v1/messages have Anthropic's envelope", async ({ proxy }) => {
  const client = createAnthropic(proxy.url);
  const { messages, model } = HI;
  await assert.rejects(
    client.messages.create({ messages, model } as Anthropic.MessageCreateParamsNonStreaming),
    (error) => {
      return error instanceof BadRequestError && error.message.includes("max_tokens");
    },
  );
  const missing = await fetch(`${proxy.url}/v1/messages/batches`);
  assert.equal(missing.status, 404);
  assert.deepEqual(await missing.json(), {
    type: "error",
    error: { type: "not_found_error", message: "Cannot find /v1/messages/batches" },
  });
  await assert.rejects(client.messages.create({ ...HI, model: "gpt-7" }), NotFoundError);
  const body = JSON.stringify({ ...HI, thread: { type: "continue", previous_message_id: "msg_1" } });
  const threaded = await fetch(`${proxy.url}/v1/messages?beta=true`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  assert.equal(threaded.status, 400);
});

scene("an answer that nobody reads any more is stopped at the API", async ({ upstream, proxy }) => {
  const client = createAnthropic(proxy.url);
  upstream.answer(() => [{ text: "Hel" }, { hang: true }]);
  const stream = client.messages.stream(HI).on("text", () => stream.abort());
  await assert.rejects(stream.finalMessage(), APIUserAbortError);
  assert.equal(await (await upstream.called(1)).closed, true);
});

scene("count_tokens estimates from the request alone", async ({ upstream, proxy }) => {
  const client = createAnthropic(proxy.url);
  const { input_tokens: few } = await client.messages.countTokens({ model: MODEL, messages: HI.messages });
  const { input_tokens: many } = await client.messages.countTokens({
    model: MODEL,
    messages: [{ role: "user", content: "word ".repeat(700) }],
    tools: [WEATHER],
  });
  assert.ok(few >= 1 && few < 20, String(few));
  assert.ok(many > 900 && many < 1200, String(many));
  assert.equal(upstream.calls.length, 0);
});

scene(
  "a message goes on where another process has to be told the whole history, tools and images included",
  async ({ upstream, proxy, countReplays }) => {
    const client = createAnthropic(proxy.url);
    const image = { type: "image", source: { type: "base64", media_type: "image/png", data: PNG } } as const;
    const messages: Anthropic.MessageParam[] = [
      { role: "user", content: [image, { type: "text", text: "Weather here?" }] },
      {
        role: "assistant",
        content: [
          { type: "thinking", thinking: "hm", signature: "x" },
          { type: "tool_use", id: "toolu_1", name: "weather", input: { city: "Bern" } },
        ],
      },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_1", content: [image] }] },
    ];
    const message = await client.messages.create({ ...HI, messages, tools: [WEATHER] });
    assert.equal(message.stop_reason, "end_turn");
    assert.equal(countReplays(), 1);
    const [asked, called, answered] = toPlainMessages(upstream.calls[0]);
    assert.deepEqual(asked?.content, messages[0]?.content);
    assert.deepEqual(called?.content, [
      { type: "thinking", thinking: "hm", signature: "x" },
      { type: "tool_use", id: "toolu1", name: "mcp__client__weather", input: { city: "Bern" } },
    ]);
    assert.match(JSON.stringify(answered), /"tool_use_id":"toolu1".*"type":"image"/);
  },
);

scene(
  "thinking given back keeps its process; in a history that was edited it is replayed where it stands",
  async ({ upstream, proxy, countReplays }) => {
    const client = createAnthropic(proxy.url);
    const ask: typeof HI = { ...HI, tools: [WEATHER], thinking: { type: "adaptive" } };
    const blocks = [
      { type: "thinking", thinking: "I could look", signature: "c2ln" },
      { type: "text", text: "I look" },
      { type: "redacted_thinking", data: "cmVk" },
      { type: "thinking", thinking: "in Bern", signature: "Ym90aA==" },
    ] as const;
    upstream.answer((_, at) => {
      if (at > 0) return [{ thinking: "hm", signature: "bmV3" }, { text: "sun" }];
      const thought = [{ thinking: "I could look" }, { text: "I look" }, { redacted: "cmVk" }];
      const called = { tool: "mcp__client__weather", input: { city: "Bern" }, id: "toolu_1" };
      return [...thought, { thinking: ["in ", "Bern"], signature: "Ym90aA==" }, called];
    });
    const { content } = await client.messages.stream(ask).finalMessage();
    const call = { type: "tool_use", id: "toolu1", name: "weather", input: { city: "Bern" } };
    assert.deepEqual(content, [...blocks, call]);
    const messages: Anthropic.MessageParam[] = [
      ...HI.messages,
      { role: "assistant", content },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu1", content: "sun" }] },
    ];
    const answer = await client.messages.create({ ...ask, messages });
    assert.equal(countReplays(), 0);
    messages.push({ role: "assistant", content: answer.content }, { role: "user", content: "and?" });
    const signed = { type: "thinking", thinking: "", signature: "bmV3" };
    const next = await client.messages.create({ ...ask, messages, thinking: { type: "adaptive", display: "omitted" } });
    assert.deepEqual(next.content[0], signed);
    assert.equal(countReplays(), 0);
    await client.messages.create({ ...ask, messages: [{ role: "user", content: "hello" }, ...messages.slice(1)] });
    assert.equal(countReplays(), 1);
    const told = toPlainMessages(upstream.calls.at(-1));
    assert.deepEqual(told[1]?.content, [...blocks, { ...call, name: "mcp__client__weather" }]);
    assert.deepEqual((told[3]?.content as object[] | undefined)?.[0], {
      type: "thinking",
      thinking: "hm",
      signature: "bmV3",
    });
  },
);

scene("the official client pages through the models, and shows one", async ({ proxy }) => {
  const client = createAnthropic(proxy.url);
  const ids: string[] = [];
  for await (const { id, type } of client.models.list({ limit: 2 })) {
    assert.equal(type, "model");
    ids.push(id);
  }
  for (const id of ["claude-opus-4", "claude-sonnet-4", "claude-haiku-4"]) assert.ok(ids.includes(id), id);
  assert.equal(new Set(ids).size, ids.length);
  assert.equal((await client.models.retrieve("claude-opus-4")).id, "claude-opus-4");
  const plain = (await (await fetch(`${proxy.url}/v1/models`)).json()) as { object: string };
  assert.equal(plain.object, "list");
});
