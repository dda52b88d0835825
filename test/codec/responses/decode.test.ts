/** Responses requests: every field read, and every refusal naming the field at fault. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Message } from "../../../src/core/turn.ts";
import { assistant, call, decode, output, refusal, user } from "./request.ts";

const PNG = "data:image/png;base64,AAAA";
const TOOL = { type: "function", name: "weather", description: "Tells it", parameters: { type: "object" } };
const file = (type: string, data: string): object => ({
  type: "input_file",
  filename: "a",
  file_data: `data:${type};base64,${data}`,
});
const said = (role: "user" | "assistant", ...texts: string[]): unknown => ({
  role,
  content: texts.map((text) => ({ type: "text", text })),
});

test("the smallest request asks for nothing but an answer, and for it to be kept", () => {
  const { form, ...turn } = decode({ input: "hi" });
  assert.deepEqual(turn, {
    model: "opus",
    system: "",
    messages: [said("user", "hi")],
    tools: [],
    toolChoice: "auto",
    webSearch: false,
    parallelCalls: true,
    effort: undefined,
    thinking: { mode: "default" },
    maxTokens: undefined,
    stop: [],
    format: { type: "text" },
    stream: false,
    store: true,
    ignored: [],
    asked: {},
  });
  assert.notDeepEqual(form, {});
});

test("every setting is read", () => {
  const schema = { type: "object", properties: { a: { type: "string" } } };
  const turn = decode({
    input: "hi",
    stream: true,
    store: false,
    max_output_tokens: 5,
    parallel_tool_calls: false,
    reasoning: { effort: "minimal", summary: "auto" },
    text: { format: { type: "json_schema", name: "a", schema, strict: true } },
  });
  const { stream, store, maxTokens, parallelCalls, effort, format, ignored } = turn;
  assert.deepEqual(
    { stream, store, maxTokens, parallelCalls, effort, ignored },
    { stream: true, store: false, maxTokens: 5, parallelCalls: false, effort: "low", ignored: [] },
  );
  assert.deepEqual(format, { type: "json", schema });
});

test("a summary that is asked for shows the thinking, and an effort of none switches it off", () => {
  const cases = [
    [{}, undefined, "default"],
    [{ effort: "high" }, "high", "default"],
    [{ effort: "high", summary: "auto" }, "high", "shown"],
    [{ summary: "detailed" }, undefined, "shown"],
    [{ generate_summary: "concise" }, undefined, "shown"],
    [{ summary: "none" }, undefined, "default"],
    [{ effort: "none" }, undefined, "off"],
    [{ effort: "none", summary: "auto" }, undefined, "off"],
  ] as const;
  for (const [reasoning, effort, mode] of cases) {
    const turn = decode({ input: "hi", reasoning });
    assert.deepEqual([turn.effort, turn.thinking], [effort, { mode }], JSON.stringify(reasoning));
  }
});

test("instructions and system items, wherever they stand, are the system prompt, in order", () => {
  const { system, messages } = decode({
    instructions: "one",
    input: [
      { type: "message", role: "system", content: "two" },
      user("hi"),
      { role: "developer", content: [{ type: "input_text", text: "three" }] },
    ],
  });
  assert.equal(system, "one\n\ntwo\n\nthree");
  assert.deepEqual(messages, [said("user", "hi")]);
});

const CONVERSATIONS: readonly (readonly [name: string, input: readonly object[], messages: readonly unknown[]])[] = [
  [
    "messages as strings and parts",
    [
      user("a"),
      assistant([{ type: "output_text", text: "b", annotations: [] }]),
      user([{ type: "input_text", text: "c" }]),
    ],
    [said("user", "a"), said("assistant", "b"), said("user", "c")],
  ],
  [
    "a refusal",
    [user("a"), assistant([{ type: "refusal", refusal: "no" }]), user("b")],
    [said("user", "a"), said("assistant", "no"), said("user", "b")],
  ],
  [
    "reasoning left out, and the items of one answer as one message",
    [
      user("a"),
      { type: "reasoning", id: "rs_1", summary: [], encrypted_content: "x" },
      { ...assistant("look"), id: "msg_1", status: "completed", type: "message" },
      call("call_1", '{"city":"Bern"}'),
      call("call_2"),
      output("call_1", "sun"),
      output("call_2", [{ type: "input_text", text: "noon" }]),
    ],
    [
      said("user", "a"),
      {
        role: "assistant",
        content: [
          { type: "text", text: "look" },
          { type: "call", id: "call1", name: "weather", input: { city: "Bern" } },
          { type: "call", id: "call2", name: "weather", input: {} },
        ],
      },
      {
        role: "user",
        content: [
          { type: "result", id: "call1", content: [{ type: "text", text: "sun" }], isError: false },
          { type: "result", id: "call2", content: [{ type: "text", text: "noon" }], isError: false },
        ],
      },
    ],
  ],
  [
    "an image in a result",
    [user("a"), call("c1"), output("c1", [{ type: "input_image", image_url: PNG }])],
    [
      said("user", "a"),
      { role: "assistant", content: [{ type: "call", id: "c1", name: "weather", input: {} }] },
      {
        role: "user",
        content: [
          {
            type: "result",
            id: "c1",
            content: [{ type: "image", source: { type: "base64", mediaType: "image/png", data: "AAAA" } }],
            isError: false,
          },
        ],
      },
    ],
  ],
];

test("arguments that are not an object's JSON are an empty object", () => {
  for (const args of ['{"city": "Zür', "[1]", "null"]) {
    const { messages } = decode({ input: [user("a"), call("c1", args), output("c1", "sun")] });
    assert.deepEqual(messages[1]?.content, [{ type: "call", id: "c1", name: "weather", input: {} }], args);
  }
});

test("a text file in a result is its text", () => {
  const held = output("c1", [file("text/plain", Buffer.from("notes").toString("base64"))]);
  const { messages } = decode({ input: [user("a"), call("c1"), held] });
  const content = [{ type: "text", text: "notes" }];
  assert.deepEqual(messages[2]?.content, [{ type: "result", id: "c1", content, isError: false }]);
});

for (const [name, input, messages] of CONVERSATIONS) {
  test(`input is read: ${name}`, () => assert.deepEqual(decode({ input }).messages, messages));
}

test("a request goes on from an earlier one with its messages and system items, but without its instructions", () => {
  const first = decode({ instructions: "old", input: [{ role: "developer", content: "kept" }, user("a")] });
  const answer: Message = { role: "assistant", content: [{ type: "call", id: "c1", name: "weather", input: {} }] };
  const { systems, input } = first.form;
  const earlier = { messages: [...first.messages, answer], systems, listed: [], input, response: {} };
  const next = decode({ instructions: "new", previous_response_id: "resp_1", input: [output("c1", "sun")] }, earlier);
  assert.equal(next.system, "new\n\nkept");
  assert.deepEqual(
    next.messages.map(({ role }) => role),
    ["user", "assistant", "user"],
  );
  assert.throws(
    () => decode({ previous_response_id: "resp_1", input: "hi" }, earlier),
    /previous_response_id: no result follows for c1/,
  );
});

test("an earlier response that is not kept is not found", () => {
  const { kind, param } = refusal({ input: "hi", previous_response_id: "resp_2" });
  assert.deepEqual({ kind, param }, { kind: "previous_not_found", param: "previous_response_id" });
});

test("functions are offered, web search is allowed, other tools are left out and named", () => {
  const { tools, webSearch, ignored } = decode({
    input: "hi",
    tools: [TOOL, { type: "web_search_preview" }, { type: "custom", name: "x" }, { type: "namespace", tools: [] }],
  });
  assert.deepEqual(tools, [{ name: "weather", description: "Tells it", schema: { type: "object" } }]);
  assert.equal(webSearch, true);
  assert.deepEqual(ignored, ["tools[2]", "tools[3]"]);
});

const OTHER = { ...TOOL, name: "time" };
const CHOICES: readonly (readonly [choice: unknown, names: readonly string[], toolChoice: unknown])[] = [
  ["auto", ["weather", "time"], "auto"],
  ["required", ["weather", "time"], "required"],
  ["none", ["weather", "time"], "none"],
  [{ type: "function", name: "time" }, ["weather", "time"], { name: "time" }],
  [
    { type: "allowed_tools", mode: "required", tools: [{ type: "function", name: "time" }, { type: "web_search" }] },
    ["time"],
    "required",
  ],
];

for (const [tool_choice, names, toolChoice] of CHOICES) {
  test(`tool_choice is read: ${JSON.stringify(tool_choice)}`, () => {
    const turn = decode({ input: "hi", tools: [TOOL, OTHER], tool_choice });
    assert.deepEqual(
      turn.tools.map(({ name }) => name),
      names,
    );
    assert.deepEqual(turn.toolChoice, toolChoice);
  });
}

test("a search that is forced is left to the model, and that is named", () => {
  const search = { type: "web_search" };
  const allow = (...tools: readonly object[]): object => ({ type: "allowed_tools", mode: "required", tools });
  const cases = [
    [[search], { type: "web_search" }, "auto", ["tool_choice"]],
    [[search, TOOL], { type: "web_search_preview" }, "auto", ["tool_choice"]],
    [[search], "required", "auto", ["tool_choice"]],
    [[search, TOOL], "required", "required", []],
    [[search, TOOL], allow(search), "auto", ["tool_choice"]],
  ] as const;
  for (const [tools, tool_choice, toolChoice, ignored] of cases) {
    const turn = decode({ input: "hi", tools, tool_choice });
    const name = JSON.stringify([tools, tool_choice]);
    assert.deepEqual([turn.toolChoice, turn.webSearch, turn.ignored], [toolChoice, true, ignored], name);
    assert.deepEqual(turn.form.request.tool_choice, tool_choice);
  }
});

test("limits of a search are named, and what asks for nothing is not", () => {
  const plain = { external_web_access: true, search_context_size: "medium", user_location: null };
  const limits = { filters: { allowed_domains: ["a.example"] }, search_context_size: "low" };
  const tools = [
    { type: "web_search", ...plain },
    { type: "web_search", ...limits },
  ];
  assert.deepEqual(decode({ input: "hi", tools }).ignored, ["tools[1].filters", "tools[1].search_context_size"]);
});

test("what cannot be honoured is named; what asks for nothing is not", () => {
  const asked = {
    top_p: null,
    service_tier: "flex",
    max_tool_calls: 3,
    text: { verbosity: "low" },
    reasoning: { context: "auto" },
    include: ["reasoning.encrypted_content"],
    truncation: "auto",
  };
  assert.deepEqual(decode({ input: "hi", ...asked }).ignored, [
    "service_tier",
    "max_tool_calls",
    "text.verbosity",
    "reasoning.context",
    "include",
    "truncation",
  ]);
  const empty = {
    text: {},
    tools: [],
    include: [],
    prompt_cache_key: "k",
    client_metadata: {},
    user: "me",
    service_tier: "auto",
    truncation: "disabled",
    background: false,
    top_logprobs: 0,
  };
  assert.deepEqual(decode({ input: "hi", ...empty }).ignored, []);
});

test("sampling and the tier priority are read with the fields that ask for them, and repeated", () => {
  const { sampling, speed, asked, form } = decode({
    input: "hi",
    temperature: 2,
    top_p: 0.5,
    service_tier: "priority",
  });
  assert.deepEqual([sampling, speed], [{ temperature: 1, topP: 0.5, topK: undefined }, "fast"]);
  assert.deepEqual(asked, { sampling: ["temperature", "top_p"], speed: ["service_tier"] });
  assert.deepEqual([form.request.temperature, form.request.top_p], [2, 0.5]);
});

test("a field that is null asks for nothing, whichever it is", () => {
  const names = [
    "instructions",
    "previous_response_id",
    "store",
    "stream",
    "stream_options",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "text",
    "reasoning",
    "max_output_tokens",
  ];
  const more = [
    "truncation",
    "metadata",
    "include",
    "background",
    "conversation",
    "prompt",
    "top_logprobs",
    "temperature",
    "user",
    "anything",
  ];
  for (const name of [...names, ...more])
    assert.deepEqual(decode({ input: "hi", [name]: null }), decode({ input: "hi" }), name);
});

const REFUSALS: readonly (readonly [param: string, body: object])[] = [
  ["model", { model: "", input: "hi" }],
  ["input", {}],
  ["input", { input: [] }],
  ["input", { input: [assistant("hi")] }],
  ["input[0].id", { input: [{ type: "item_reference" }] }],
  ["input[0].type", { input: [{ type: "custom_tool_call" }] }],
  ["input[0].type", { input: [{ content: "hi" }] }],
  ["input[0].role", { input: [{ role: "critic", content: "hi" }] }],
  ["input[0].content[0].type", { input: [user([{ type: "input_audio" }])] }],
  ["input[0].content[0].image_url", { input: [user([{ type: "input_image", file_id: "file_1" }])] }],
  ["input[0].content[0].file_data", { input: [user([{ type: "input_file", file_url: "https://example.com/a.pdf" }])] }],
  ["input[0].call_id", { input: [output("c1", "sun")] }],
  ["input[1].arguments", { input: [user("a"), { ...call("c1"), arguments: 1 }, output("c1", "sun")] }],
  [
    "input[2].output[0].file_data",
    { input: [user("a"), call("c1"), output("c1", [file("application/pdf", "JVBERi0")])] },
  ],
  ["input[1]", { input: [user("a"), call("c1"), user("b")] }],
  ["tools[0].name", { input: "hi", tools: [{ type: "function", name: "a b" }] }],
  ["tools[2].name", { input: "hi", tools: [TOOL, { type: "custom" }, TOOL] }],
  ["tool_choice.name", { input: "hi", tools: [TOOL], tool_choice: { type: "function", name: "x" } }],
  ["tool_choice", { input: "hi", tool_choice: "required" }],
  ["tool_choice.type", { input: "hi", tools: [TOOL], tool_choice: { type: "web_search" } }],
  [
    "tool_choice",
    { input: "hi", tools: [{ type: "web_search", external_web_access: false }], tool_choice: "required" },
  ],
  ["text.format.schema.type", { input: "hi", text: { format: { type: "json_schema", schema: { type: "array" } } } }],
  ["reasoning.effort", { input: "hi", reasoning: { effort: "huge" } }],
  ["reasoning.summary", { input: "hi", reasoning: { summary: true } }],
  ["max_output_tokens", { input: "hi", max_output_tokens: 0 }],
  ["metadata", { input: "hi", metadata: Object.fromEntries(Array.from({ length: 17 }, (_, at) => [`k${at}`, "v"])) }],
  ["metadata.a", { input: "hi", metadata: { a: 1 } }],
  ["metadata.a", { input: "hi", metadata: { a: "v".repeat(513) } }],
  [`metadata.${"k".repeat(64)}`, { input: "hi", metadata: { ["k".repeat(65)]: "v" } }],
  ["background", { input: "hi", background: true }],
  ["conversation", { input: "hi", conversation: "conv_1" }],
  ["prompt", { input: "hi", prompt: { id: "pmpt_1" } }],
  ["top_logprobs", { input: "hi", top_logprobs: 2 }],
  ["truncation", { input: "hi", truncation: "some" }],
  ["store", { input: "hi", store: "yes" }],
];

for (const [param, body] of REFUSALS) {
  test(`${param} is refused by name: ${JSON.stringify(body).slice(0, 80)}`, () => {
    const error = refusal(body);
    assert.equal(error.kind, "invalid_request");
    assert.equal(error.param, param);
  });
}
