/** OpenAI Responses, end to end, with the official client. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { APIError, BadRequestError, NotFoundError } from "openai";
import type { Responses } from "openai/resources/responses/responses";
import { SONNET } from "../helpers/cli.ts";
import { shareProxy } from "../helpers/scene.ts";
import { createAnthropic, createOpenAi, PNG } from "../helpers/sdk.ts";
import { toPlainMessages } from "../helpers/upstream.ts";

const MODEL = "claude-sonnet-4";
const scene = shareProxy("OpenAI Responses with the official client", "--spares", "0", "--max-sessions", "8");

/** The last answer to a plain question, which the next one goes on from: one process answers them. */
let last: { readonly previous_response_id?: string } = {};

const said = (role: string, text: string): object => ({ role, content: [{ type: "text", text }] });

const WEATHER: Responses.Tool = {
  type: "function",
  name: "weather",
  description: "The weather in a city",
  parameters: {
    type: "object",
    properties: { city: { type: "string" } },
    required: ["city"],
    additionalProperties: false,
  },
  strict: true,
};

async function readAll(stream: AsyncIterable<Responses.ResponseStreamEvent>): Promise<Responses.ResponseStreamEvent[]> {
  const events: Responses.ResponseStreamEvent[] = [];
  for await (const event of stream) events.push(event);
  return events;
}

scene("a whole answer has its text, its usage and what the request asked for", async ({ upstream, proxy }) => {
  const client = createOpenAi(proxy.url);
  const response = await client.responses.create({
    model: MODEL,
    instructions: "Be brief.",
    input: [
      { role: "developer", content: "Be kind." },
      { role: "user", content: "hi" },
    ],
    metadata: { topic: "greeting" },
    tools: [WEATHER],
  });
  assert.equal(response.output_text, "Hello world");
  assert.equal(response.status, "completed");
  assert.equal(response.model, SONNET);
  assert.deepEqual(response.usage?.input_tokens_details, { cached_tokens: 5, cache_write_tokens: 3 });
  assert.equal(response.usage?.total_tokens, 57);
  assert.deepEqual(response.metadata, { topic: "greeting" });
  assert.deepEqual(response.tools, [WEATHER]);
  assert.equal(upstream.calls[0]?.body.system?.at(-1)?.text, "Be brief.\n\nBe kind.");
  assert.deepEqual(toPlainMessages(upstream.calls[0]), [said("user", "hi")]);
});

scene(
  "a stream numbers its events, gives thinking before text, and ends with the whole response",
  async ({ upstream, proxy }) => {
    const client = createOpenAi(proxy.url);
    upstream.answer(() => [{ thinking: ["Let me ", "see"] }, { text: ["Hello", " world"] }]);
    const events = await readAll(await client.responses.create({ model: MODEL, input: "hi", stream: true }));
    assert.deepEqual(
      events.map(({ sequence_number }) => sequence_number),
      events.map((_, at) => at),
    );
    assert.deepEqual(
      events.map(({ type }) => type).filter((type, at, all) => type !== all[at - 1]),
      [
        ...[
          "response.created",
          "response.in_progress",
          "response.output_item.added",
          "response.reasoning_summary_part.added",
        ],
        ...[
          "response.reasoning_summary_text.delta",
          "response.reasoning_summary_text.done",
          "response.reasoning_summary_part.done",
        ],
        ...[
          "response.output_item.done",
          "response.output_item.added",
          "response.content_part.added",
          "response.output_text.delta",
        ],
        ...[
          "response.output_text.done",
          "response.content_part.done",
          "response.output_item.done",
          "response.completed",
        ],
      ],
    );
    const ended = events.at(-1);
    assert.ok(ended?.type === "response.completed");
    assert.deepEqual(
      ended.response.output.map(({ type }) => type),
      ["reasoning", "message"],
    );
    const next = { model: MODEL, input: "hi", previous_response_id: ended.response.id };
    const final = await client.responses.stream(next).finalResponse();
    assert.equal(final.output_text, "Hello world");
    last = { previous_response_id: final.id };
  },
);

scene("an image and a text file reach the model as they are", async ({ upstream, proxy }) => {
  const client = createOpenAi(proxy.url);
  const file = `data:text/plain;base64,${Buffer.from("some notes").toString("base64")}`;
  const { id } = await client.responses.create({
    ...last,
    model: MODEL,
    input: [
      {
        role: "user",
        content: [
          { type: "input_text", text: "What is this?" },
          { type: "input_image", image_url: `data:image/png;base64,${PNG}`, detail: "auto" },
          { type: "input_file", filename: "notes.txt", file_data: file },
        ],
      },
    ],
  });
  last = { previous_response_id: id };
  const message = toPlainMessages(upstream.calls[0]).at(-1);
  assert.deepEqual(message?.content, [
    { type: "text", text: "What is this?" },
    { type: "image", source: { type: "base64", media_type: "image/png", data: PNG } },
    { type: "document", source: { type: "text", media_type: "text/plain", data: "some notes" }, title: "notes.txt" },
  ]);
});

scene(
  "two rounds of tools go through one process, whether the client sends all or goes on by id",
  async ({ upstream, proxy, countReplays }) => {
    const client = createOpenAi(proxy.url);
    upstream.answer((_, at) =>
      at < 2
        ? [{ text: "Looking." }, { tool: "mcp__client__weather", input: { city: at === 0 ? "Bern" : "Basel" } }]
        : [{ text: "Both sunny." }],
    );
    const input: Responses.ResponseInputItem[] = [{ role: "user", content: "Weather in Bern and Basel?" }];
    const first = await client.responses.create({ model: MODEL, input, tools: [WEATHER] });
    const call = first.output.find((item) => item.type === "function_call");
    assert.deepEqual(JSON.parse(call?.arguments ?? ""), { city: "Bern" });
    input.push(...(first.output as Responses.ResponseInputItem[]), {
      type: "function_call_output",
      call_id: call?.call_id ?? "",
      output: "sunny",
    });
    const second = await client.responses.stream({ model: MODEL, input, tools: [WEATHER] }).finalResponse();
    const next = second.output.find((item) => item.type === "function_call");
    assert.deepEqual(JSON.parse(next?.arguments ?? ""), { city: "Basel" });
    const third = await client.responses.create({
      model: MODEL,
      previous_response_id: second.id,
      input: [
        {
          type: "function_call_output",
          call_id: next?.call_id ?? "",
          output: [{ type: "input_text", text: "sunny too" }],
        },
      ],
      tools: [WEATHER],
    });
    assert.equal(third.output_text, "Both sunny.");
    assert.equal(countReplays(), 0);
    const results = toPlainMessages(upstream.calls[2]).filter(({ content }) =>
      JSON.stringify(content).includes("tool_result"),
    );
    assert.equal(results.length, 2);
  },
);

scene("structured output is the JSON the schema asks for", async ({ upstream, proxy }) => {
  const client = createOpenAi(proxy.url);
  upstream.answer((call) =>
    call.body.tools?.some(({ name }) => name === "StructuredOutput")
      ? [{ tool: "StructuredOutput", input: { city: "Bern" } }]
      : [{ text: "no" }],
  );
  const schema = {
    type: "object",
    properties: { city: { type: "string" } },
    required: ["city"],
    additionalProperties: false,
  };
  const response = await client.responses.create({
    model: MODEL,
    input: "A city",
    text: { format: { type: "json_schema", name: "city", schema, strict: true } },
  });
  assert.deepEqual(JSON.parse(response.output_text), { city: "Bern" });
});

scene("a kept answer can be asked for, with its input, until it is deleted", async ({ proxy }) => {
  const client = createOpenAi(proxy.url);
  const made = await client.responses.create({
    ...last,
    model: MODEL,
    input: [
      { role: "user", content: "one" },
      { role: "user", content: "two" },
    ],
  });
  const kept = await client.responses.retrieve(made.id);
  assert.deepEqual(kept, made);
  const items: Responses.ResponseItem[] = [];
  for await (const item of client.responses.inputItems.list(made.id, { order: "asc", limit: 1 })) items.push(item);
  assert.deepEqual(
    items.map((item) => item.type === "message" && item.content),
    [[{ type: "input_text", text: "one" }], [{ type: "input_text", text: "two" }]],
  );
  await client.responses.delete(made.id);
  await assert.rejects(client.responses.retrieve(made.id), NotFoundError);
});

scene("what cannot be honoured is named in a header", async ({ proxy }) => {
  const client = createOpenAi(proxy.url);
  const { response, data } = await client.responses
    .create({
      ...last,
      model: MODEL,
      input: "hi",
      temperature: 0.5,
      include: ["reasoning.encrypted_content"],
      tools: [{ type: "local_shell" }],
    })
    .withResponse();
  last = { previous_response_id: data.id };
  assert.equal(response.headers.get("x-ignored-parameters"), "temperature, include, tools[0]");
});

scene("a cut answer is incomplete and says why", async ({ upstream, proxy }) => {
  const client = createOpenAi(proxy.url);
  upstream.answer(() => [{ text: "Once upon" }, { stop: "max_tokens" }]);
  const response = await client.responses.create({ ...last, model: MODEL, input: "A story", max_output_tokens: 16 });
  assert.equal(response.status, "incomplete");
  assert.deepEqual(response.incomplete_details, { reason: "max_output_tokens" });
  assert.equal(response.output_text, "Once upon");
  const events = await readAll(await client.responses.create({ model: MODEL, input: "A story", stream: true }));
  assert.equal(events.at(-1)?.type, "response.incomplete");
});

scene(
  "a failure before the first event has its status; one after it ends the stream with an error the client throws",
  async ({ upstream, proxy }) => {
    const client = createOpenAi(proxy.url);
    upstream.answer(() => [{ status: 400, type: "invalid_request_error", message: "no" }]);
    await assert.rejects(
      client.responses.create({ model: MODEL, input: "hi", stream: true }),
      (error) => error instanceof APIError && error.status === 400,
    );
    const shown = new AbortController();
    upstream.answer(() => [{ text: "Hel" }, { until: once(shown.signal, "abort") }, { error: "overloaded_error" }]);
    const seen: Responses.ResponseStreamEvent[] = [];
    await assert.rejects(async () => {
      for await (const event of await client.responses.create({ model: MODEL, input: "hello", stream: true })) {
        seen.push(event);
        if (event.type === "response.output_text.delta") shown.abort();
      }
    }, APIError);
    const failed = seen.find(({ type }) => type === "response.failed");
    assert.ok(failed?.type === "response.failed");
    assert.equal(failed.response.status, "failed");
  },
);

scene("an answer that nobody reads any more is stopped at the API", async ({ upstream, proxy }) => {
  const client = createOpenAi(proxy.url);
  upstream.answer(() => [{ text: "Hel" }, { hang: true }]);
  const leaving = new AbortController();
  const stream = await client.responses.create({ model: MODEL, input: "hi", stream: true }, { signal: leaving.signal });
  for await (const event of stream) if (event.type === "response.output_text.delta") leaving.abort();
  assert.equal(await (await upstream.called(1)).closed, true);
});

scene(
  "previous_response_id goes on from a kept answer, on the process that gave it, without its instructions",
  async ({ upstream, proxy, countReplays }) => {
    const client = createOpenAi(proxy.url);
    const first = await client.responses.create({
      model: MODEL,
      input: [
        { role: "developer", content: "Be kind." },
        { role: "user", content: "one" },
      ],
    });
    const second = await client.responses
      .stream({ model: MODEL, input: "two", previous_response_id: first.id })
      .finalResponse();
    assert.equal(second.previous_response_id, first.id);
    assert.equal(countReplays(), 0);
    assert.deepEqual(toPlainMessages(upstream.calls[1]), [
      said("user", "one"),
      said("assistant", "Hello world"),
      said("user", "two"),
    ]);
    const third = await client.responses.create({
      model: MODEL,
      input: "three",
      previous_response_id: second.id,
      instructions: "Be brief.",
    });
    assert.equal(upstream.calls[2]?.body.system?.at(-1)?.text, "Be brief.\n\nBe kind.");
    const fork = await client.responses.create({
      model: MODEL,
      input: "four",
      previous_response_id: third.id,
      store: false,
    });
    assert.equal(upstream.calls[3]?.body.system?.at(-1)?.text, "Be kind.");
    await assert.rejects(
      client.responses.create({ model: MODEL, input: "five", previous_response_id: fork.id }),
      (error) =>
        error instanceof BadRequestError &&
        error.param === "previous_response_id" &&
        error.code === "previous_response_not_found",
    );
  },
);

scene(
  "a conversation begun on one protocol is found live when it goes on in another",
  async ({ upstream, proxy, countReplays }) => {
    const client = createOpenAi(proxy.url);
    await client.chat.completions.create({
      model: MODEL,
      messages: [
        { role: "system", content: "Be kind." },
        { role: "user", content: "one" },
      ],
    });
    const answer = { role: "assistant", content: "Hello world" } as const;
    await client.responses.create({
      model: MODEL,
      instructions: "Be kind.",
      input: [{ role: "user", content: "one" }, answer, { role: "user", content: "two" }],
    });
    await createAnthropic(proxy.url).messages.create({
      model: MODEL,
      max_tokens: 1000,
      system: "Be kind.",
      messages: [
        { role: "user", content: "one" },
        answer,
        { role: "user", content: "two" },
        answer,
        { role: "user", content: "three" },
      ],
    });
    assert.equal(upstream.calls.length, 3);
    assert.equal(toPlainMessages(upstream.calls[2]).length, 5);
    assert.equal(countReplays(), 0);
  },
);

scene("paths below /v1/responses that cannot be had have OpenAI's envelope and their own status", async ({ proxy }) => {
  const cases = [
    ["GET", "/v1/responses", 405],
    ["GET", "/v1/responses/resp_unknown", 404],
    ["DELETE", "/v1/responses/resp_unknown", 404],
    ["POST", "/v1/responses/resp_unknown", 405],
    ["GET", "/v1/responses/resp_unknown/input_items", 404],
    ["POST", "/v1/responses/resp_unknown/cancel", 404],
  ] as const;
  for (const [method, path, status] of cases) {
    const response = await fetch(proxy.url + path, { method });
    assert.equal(response.status, status, `${method} ${path}`);
    assert.deepEqual(Object.keys(((await response.json()) as { error: object }).error), [
      "message",
      "type",
      "param",
      "code",
    ]);
  }
});
