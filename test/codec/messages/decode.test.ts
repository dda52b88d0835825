/** Messages requests: every field read, and every refusal naming the field at fault. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { assistant, read, refusalOf, user } from "./request.ts";

const TOOL = { name: "weather", description: "Tells it", input_schema: { type: "object" } };
const text = (words: string): object => ({ type: "text", text: words });
const use = (id: string): object => ({ type: "tool_use", id, name: "weather", input: { city: "Bern" } });
const result = (id: string, rest: object = {}): object => ({ type: "tool_result", tool_use_id: id, ...rest });

test("the smallest request asks for nothing but an answer", () => {
  assert.deepEqual(read(), {
    model: "opus",
    system: "",
    messages: [{ role: "user", content: [{ type: "text", text: "hi" }] }],
    tools: [],
    toolChoice: "auto",
    webSearch: false,
    parallelCalls: true,
    effort: undefined,
    thinking: { mode: "default" },
    maxTokens: 64,
    stop: [],
    format: { type: "text" },
    stream: false,
    store: false,
    ignored: [],
    asked: {},
    form: { thinking: "hidden", inputTokens: 0 },
  });
});

test("every setting is read", () => {
  const schema = { type: "object", properties: {} };
  const { stream, stop, effort, format, ignored } = read({
    stream: true,
    stop_sequences: Array.from({ length: 16 }, (_, at) => `stop${at}`),
    output_config: { effort: "max", format: { type: "json_schema", schema } },
    metadata: { user_id: "me" },
    cache_control: { type: "ephemeral" },
  });
  assert.deepEqual([stream, stop.length, effort, format, ignored], [true, 16, "max", { type: "json", schema }, []]);
});

test("the system prompt is a string, blocks, and system messages, in order, less what a client CLI states of itself", () => {
  const mark = text("x-anthropic-billing-header: cc_version=2.1.330.572; cc_entrypoint=cli;");
  assert.equal(read({ system: "one" }).system, "one");
  const { system, messages } = read({
    system: [mark, { ...text("one"), cache_control: { type: "ephemeral" } }],
    messages: [user("hi"), { role: "system", content: [text("two")] }],
  });
  assert.equal(system, "one\n\ntwo");
  assert.equal(messages.length, 1);
});

test("thinking is shown to a client that asks for it and can take it", () => {
  const cases = [
    [{ type: "enabled", budget_tokens: 2000 }, "shown", []],
    [{ type: "adaptive" }, "shown", []],
    [{ type: "adaptive", display: "summarized" }, "shown", []],
    [{ type: "adaptive", display: "omitted" }, "signed", []],
    [{ type: "disabled" }, "hidden", []],
  ] as const;
  for (const [thinking, shown, ignored] of cases) {
    const turn = read({ thinking });
    assert.deepEqual([turn.form.thinking, turn.ignored], [shown, ignored]);
  }
});

test("the turn says what the request wants of thinking: nothing, none, or to be shown it, within a budget", () => {
  const cases = [
    [{}, { mode: "default" }],
    [{ thinking: null }, { mode: "default" }],
    [{ thinking: { type: "disabled" } }, { mode: "off" }],
    [{ thinking: { type: "disabled", budget_tokens: 2000 } }, { mode: "off" }],
    [{ thinking: { type: "adaptive" } }, { mode: "shown" }],
    [{ thinking: { type: "adaptive", display: "omitted" } }, { mode: "default" }],
    [{ thinking: { type: "enabled", budget_tokens: 2000 } }, { mode: "shown", budgetTokens: 2000 }],
    [
      { thinking: { type: "enabled", budget_tokens: 2000, display: "omitted" } },
      { mode: "default", budgetTokens: 2000 },
    ],
    [{ output_config: { effort: "high" } }, { mode: "default" }],
    [{ output_config: { effort: "none" } }, { mode: "off" }],
    [{ output_config: { effort: "none" }, thinking: { type: "adaptive" } }, { mode: "shown" }],
  ] as const;
  for (const [fields, thinking] of cases) assert.deepEqual(read(fields).thinking, thinking, JSON.stringify(fields));
});

const BLOCKS: readonly (readonly [block: object, part: object])[] = [
  [text("a"), { type: "text", text: "a" }],
  [
    { ...text("a"), cache_control: { type: "ephemeral" } },
    { type: "text", text: "a" },
  ],
  [
    { type: "image", source: { type: "base64", media_type: "image/jpeg", data: "AAAA" } },
    { type: "image", source: { type: "base64", mediaType: "image/jpeg", data: "AAAA" } },
  ],
  [
    { type: "image", source: { type: "url", url: "https://example.com/a.png" } },
    { type: "image", source: { type: "url", url: "https://example.com/a.png" } },
  ],
  [
    { type: "document", title: "a.pdf", source: { type: "base64", media_type: "application/pdf", data: "AAAA" } },
    { type: "document", title: "a.pdf", source: { type: "base64", mediaType: "application/pdf", data: "AAAA" } },
  ],
  [
    { type: "document", source: { type: "text", media_type: "text/plain", data: "notes" } },
    { type: "document", source: { type: "text", text: "notes" } },
  ],
  [
    { type: "document", source: { type: "content", content: [text("a"), text("b")] } },
    { type: "document", source: { type: "text", text: "a\nb" } },
  ],
];

for (const [block, part] of BLOCKS) {
  test(`a user's block is read: ${JSON.stringify(block)}`, () =>
    assert.deepEqual(read({ messages: [user([block])] }).messages[0]?.content, [part]));
}

test("calls, results and signed thinking are read, and ids hold letters and digits", () => {
  const { messages } = read({
    messages: [
      user("Weather?"),
      assistant([
        { type: "thinking", thinking: "hm", signature: "x" },
        { type: "thinking", thinking: "of another provider", signature: "" },
        { type: "redacted_thinking", data: "y" },
        text("Looking"),
        use("toolu_1"),
        use("toolu_2"),
        use("toolu_3"),
      ]),
      user([
        result("toolu_1", { content: "sun" }),
        result("toolu_2", { content: [text("no"), { type: "tool_reference", tool_name: "time" }], is_error: true }),
        result("toolu_3"),
        text("go on"),
      ]),
    ],
  });
  assert.deepEqual(
    messages[1]?.content.map((part) => (part.type === "call" ? part.id : part.type)),
    ["thinking", "redacted", "text", "toolu1", "toolu2", "toolu3"],
  );
  assert.deepEqual(messages[1]?.content.slice(0, 2), [
    { type: "thinking", text: "hm", signature: "x" },
    { type: "redacted", data: "y" },
  ]);
  assert.deepEqual(messages[2]?.content, [
    { type: "result", id: "toolu1", content: [{ type: "text", text: "sun" }], isError: false },
    {
      type: "result",
      id: "toolu2",
      content: [
        { type: "text", text: "no" },
        { type: "text", text: "time" },
      ],
      isError: true,
    },
    { type: "result", id: "toolu3", content: [], isError: false },
    { type: "text", text: "go on" },
  ]);
});

test("a message of thinking alone is left out", () => {
  const thinking = assistant([{ type: "thinking", thinking: "hm", signature: "x" }]);
  assert.equal(read({ messages: [user("one"), thinking, user("two")] }).messages.length, 1);
});

test("custom tools are offered, web search is allowed, other server tools are left out and named", () => {
  const tools = [
    { ...TOOL, type: "custom", defer_loading: true, cache_control: { type: "ephemeral" } },
    { type: "web_search_20250305", name: "web_search" },
    { type: "bash_20250124", name: "bash" },
  ];
  const turn = read({ tools });
  assert.deepEqual(turn.tools, [{ name: "weather", description: "Tells it", schema: { type: "object" } }]);
  assert.deepEqual([turn.webSearch, turn.ignored], [true, ["tools[2]"]]);
  assert.equal(read({ tools: [{ ...TOOL, name: "x".repeat(110) }] }).tools.length, 1);
});

const CHOICES: readonly (readonly [choice: object, count: number, toolChoice: unknown, parallel: boolean])[] = [
  [{ type: "auto" }, 1, "auto", true],
  [{ type: "any", disable_parallel_tool_use: true }, 1, "required", false],
  [{ type: "tool", name: "weather" }, 1, { name: "weather" }, true],
  [{ type: "none" }, 1, "none", true],
];

for (const [tool_choice, count, toolChoice, parallel] of CHOICES) {
  test(`tool_choice is read: ${JSON.stringify(tool_choice)}`, () => {
    const turn = read({ tools: [TOOL], tool_choice });
    assert.deepEqual([turn.tools.length, turn.toolChoice, turn.parallelCalls], [count, toolChoice, parallel]);
  });
}

const SEARCH = { type: "web_search_20250305", name: "web_search" };

test("a search that is forced is left to the model, and that is named; a tool of the client's is forced", () => {
  const cases = [
    [[SEARCH], { type: "tool", name: "web_search" }, "auto", ["tool_choice"]],
    [[SEARCH, TOOL], { type: "tool", name: "web_search" }, "auto", ["tool_choice"]],
    [[SEARCH], { type: "any" }, "auto", ["tool_choice"]],
    [[SEARCH, TOOL], { type: "any" }, "required", []],
    [[SEARCH, TOOL], { type: "tool", name: "weather" }, { name: "weather" }, []],
    [[SEARCH, { ...TOOL, name: "web_search" }], { type: "tool", name: "web_search" }, { name: "web_search" }, []],
  ] as const;
  for (const [tools, tool_choice, toolChoice, ignored] of cases) {
    const turn = read({ tools, tool_choice });
    const name = JSON.stringify([tools, tool_choice]);
    assert.deepEqual([turn.toolChoice, turn.webSearch, turn.ignored], [toolChoice, true, ignored], name);
  }
});

test("limits of a search are named, and what asks for nothing is not", () => {
  const location = { type: "approximate", city: "Bern" };
  const limits = { allowed_domains: ["a.example"], blocked_domains: null, max_uses: 8, user_location: location };
  const tools = [{ ...SEARCH, cache_control: { type: "ephemeral" }, ...limits }];
  assert.deepEqual(read({ tools }).ignored, [
    "tools[0].allowed_domains",
    "tools[0].max_uses",
    "tools[0].user_location",
  ]);
});

test("the format is read under its older name too, and both may say the same", () => {
  const toFormat = (name: string): object => ({
    type: "json_schema",
    schema: { type: "object", properties: { [name]: { type: "string" } } },
  });
  const { format, ignored } = read({ output_format: toFormat("a") });
  assert.deepEqual(format, read({ output_config: { format: toFormat("a") } }).format);
  assert.deepEqual([format.type, ignored], ["json", []]);
  const both = { output_format: toFormat("a"), output_config: { format: toFormat("a") } };
  assert.deepEqual(read(both).format, format);
  assert.equal(refusalOf({ ...both, output_format: toFormat("b") }).param, "output_format");
  assert.equal(refusalOf({ output_format: { type: "text" } }).param, "output_format.type");
});

test("what is said of a document goes before it, and citations that are asked for are named", () => {
  const source = { type: "text", media_type: "text/plain", data: "notes" };
  const document = { type: "document", source, context: "of Monday" };
  const { messages, ignored } = read({
    messages: [
      user([{ ...document, citations: { enabled: false } }, text("and")]),
      assistant([use("a")]),
      user([result("a", { content: [document] }), { ...document, context: null, citations: { enabled: true } }]),
    ],
  });
  const held = { type: "document", source: { type: "text", text: "notes" } };
  assert.deepEqual(messages[0]?.content, [text("of Monday"), held, text("and")]);
  assert.deepEqual(messages[2]?.content, [
    { type: "result", id: "a", content: [text("of Monday"), text("notes")], isError: false },
    held,
  ]);
  assert.deepEqual(ignored, ["messages[2].content[1].citations"]);
});

test("answers side by side are one: the calls of both have their results after them", () => {
  const { messages } = read({
    messages: [
      user("Weather?"),
      assistant([text("Looking"), use("a")]),
      assistant([use("b")]),
      user([result("a"), result("b")]),
    ],
  });
  assert.deepEqual(
    messages.map(({ role, content }) => [role, content.map(({ type }) => type)]),
    [
      ["user", ["text"]],
      ["assistant", ["text", "call", "call"]],
      ["user", ["result", "result"]],
    ],
  );
});

test("sampling, tier and speed are read with the fields that ask for them", () => {
  const { sampling, serviceTier, speed, asked, ignored } = read({
    ...{ temperature: 0.5, top_p: 0.9, top_k: 3 },
    ...{ service_tier: "standard_only", speed: "fast" },
  });
  assert.deepEqual([sampling, serviceTier, speed], [{ temperature: 0.5, topP: 0.9, topK: 3 }, "standard_only", "fast"]);
  assert.deepEqual([asked, ignored], [{ sampling: ["temperature", "top_p", "top_k"], speed: ["speed"] }, []]);
  const usual = read({ service_tier: "auto", speed: "standard" });
  assert.deepEqual([usual.serviceTier, usual.speed, usual.asked, usual.ignored], [undefined, undefined, {}, []]);
  assert.equal(refusalOf({ temperature: 1.5 }).param, "temperature");
});

test("what cannot be honoured is named, and a null asks for nothing", () => {
  const asked = {
    top_p: null,
    context_management: {},
    service_tier: "priority",
    speed: "slow",
    output_config: { task_budget: {} },
  };
  assert.deepEqual(read(asked).ignored, ["context_management", "service_tier", "speed", "output_config.task_budget"]);
  for (const name of [
    "system",
    "stream",
    "tools",
    "tool_choice",
    "thinking",
    "stop_sequences",
    "output_config",
    "output_format",
    "thread",
    "anything",
  ]) {
    assert.deepEqual(read({ [name]: null }), read(), name);
  }
});

const REFUSALS: readonly (readonly [param: string, fields: object])[] = [
  ["model", { model: "" }],
  ["max_tokens", { max_tokens: undefined }],
  ["max_tokens", { max_tokens: 0 }],
  ["messages", { messages: [] }],
  ["messages", { messages: [user("hi"), assistant("I")] }],
  ["messages[0].role", { messages: [{ role: "tool", content: "hi" }] }],
  ["messages[0].content[0].type", { messages: [user([{ type: "search_result" }])] }],
  ["messages[1].content[0].type", { messages: [user("hi"), assistant([{ type: "server_tool_use" }]), user("go on")] }],
  [
    "messages[0].content[0].source.type",
    { messages: [user([{ type: "document", source: { type: "url", url: "https://example.com/a.pdf" } }])] },
  ],
  [
    "messages[0].content[0].source.type",
    { messages: [user([{ type: "image", source: { type: "file", file_id: "file_1" } }])] },
  ],
  [
    "messages[0].content[0].source.media_type",
    { messages: [user([{ type: "image", source: { type: "base64", media_type: "image/bmp", data: "AAAA" } }])] },
  ],
  [
    "messages[0].content[0].source.data",
    { messages: [user([{ type: "image", source: { type: "base64", media_type: "image/png", data: "?" } }])] },
  ],
  ["messages[0]", { messages: [user([result("toolu_1")])] }],
  ["messages[1]", { messages: [user("hi"), assistant([use("toolu_1")]), user("no result")] }],
  [
    "messages[1].content[0].input",
    { messages: [user("hi"), assistant([{ type: "tool_use", id: "a", name: "b", input: "{}" }]), user([result("a")])] },
  ],
  ["system[0].type", { system: [{ type: "image" }] }],
  ["tools[0].input_schema.type", { tools: [{ name: "a", input_schema: { type: "array" } }] }],
  ["tools[1].name", { tools: [TOOL, TOOL] }],
  ["tool_choice.type", { tool_choice: { type: "any" } }],
  ["tool_choice.name", { tools: [TOOL], tool_choice: { type: "tool", name: "time" } }],
  ["stop_sequences", { stop_sequences: Array.from({ length: 17 }, () => "x") }],
  ["output_config.effort", { output_config: { effort: "huge" } }],
  ["thinking.type", { thinking: {} }],
  ["thinking.budget_tokens", { thinking: { type: "enabled", budget_tokens: -1 } }],
  ["thinking.display", { thinking: { type: "adaptive", display: true } }],
  ["output_config.format.schema.type", { output_config: { format: { type: "json_schema", schema: {} } } }],
  ["thread", { thread: { type: "create" } }],
];

for (const [param, fields] of REFUSALS) {
  test(`${param} is refused by name: ${JSON.stringify(fields).slice(0, 80)}`, () => {
    const error = refusalOf(fields);
    assert.equal(error.kind, "invalid_request");
    assert.equal(error.param, param);
  });
}
