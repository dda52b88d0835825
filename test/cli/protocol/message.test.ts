/** Lines of the CLI's stream-json, narrowed: what is read of each, and that the rest is let pass. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readMessage } from "../../../src/cli/protocol/message.ts";
import type { ResultMessage } from "../../../src/cli/protocol/message.ts";
import { toPlanReport } from "../../../src/cli/protocol/plan.ts";

const read = (message: object): unknown => readMessage(JSON.stringify(message));
const api = (event: object): unknown =>
  read({ type: "stream_event", event, parent_tool_use_id: null, session_id: "s", uuid: "u" });

test("the start of an API call tells its model and what went in", () => {
  const usage = {
    input_tokens: 3,
    cache_creation_input_tokens: 5,
    cache_read_input_tokens: 7,
    output_tokens: 1,
    service_tier: "standard",
  };
  assert.deepEqual(api({ type: "message_start", message: { id: "m", model: "claude-x", usage } }), {
    type: "api",
    event: {
      type: "message_start",
      model: "claude-x",
      usage: { input: 3, cacheCreation: 5, cacheRead: 7, output: 1, serviceTier: "standard" },
    },
  });
});

test("token counts that were not said are not made up", () => {
  assert.deepEqual(
    api({ type: "message_start", message: { model: "m", usage: { input_tokens: 0, cache_read_input_tokens: null } } }),
    {
      type: "api",
      event: {
        type: "message_start",
        model: "m",
        usage: { input: 0, cacheCreation: undefined, cacheRead: undefined, output: undefined },
      },
    },
  );
});

test("blocks and their deltas keep their index", () => {
  assert.deepEqual(
    api({
      type: "content_block_start",
      index: 2,
      content_block: { type: "tool_use", id: "toolu_1", name: "f", input: {} },
    }),
    {
      type: "api",
      event: { type: "block_start", index: 2, block: "tool_use", id: "toolu_1", name: "f" },
    },
  );
  const deltas = [
    [
      { type: "text_delta", text: "é" },
      { type: "text", index: 1, text: "é" },
    ],
    [
      { type: "thinking_delta", thinking: "hm" },
      { type: "thinking", index: 1, text: "hm" },
    ],
    [
      { type: "input_json_delta", partial_json: '{"a' },
      { type: "json", index: 1, text: '{"a' },
    ],
    [
      { type: "signature_delta", signature: "x" },
      { type: "signature", index: 1, text: "x" },
    ],
    [{ type: "new_delta" }, { type: "other" }],
  ] as const;
  for (const [delta, event] of deltas)
    assert.deepEqual(api({ type: "content_block_delta", index: 1, delta }), { type: "api", event });
});

test("the end of an API call tells why and what came out", () => {
  assert.deepEqual(api({ type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 9 } }), {
    type: "api",
    event: {
      type: "message_delta",
      stopReason: "end_turn",
      usage: { input: undefined, cacheCreation: undefined, cacheRead: undefined, output: 9 },
    },
  });
  assert.deepEqual(api({ type: "message_stop" }), { type: "api", event: { type: "message_stop" } });
});

test("a control response is its answer, or its error", () => {
  const control = (response: object): unknown => read({ type: "control_response", response });
  assert.deepEqual(control({ subtype: "success", request_id: "r1", response: { models: [] } }), {
    type: "control_response",
    id: "r1",
    response: { models: [] },
    error: "",
  });
  assert.deepEqual(control({ subtype: "success", request_id: "r1" }), {
    type: "control_response",
    id: "r1",
    response: {},
    error: "",
  });
  assert.deepEqual(control({ subtype: "error", request_id: "r1", error: "no" }), {
    type: "control_response",
    id: "r1",
    response: undefined,
    error: "no",
  });
});

test("a control request of the CLI's comes with all it holds", () => {
  const request = { subtype: "mcp_message", server_name: "client", message: { method: "tools/call", id: 1 } };
  assert.deepEqual(read({ type: "control_request", request_id: "c1", request }), {
    type: "control_request",
    id: "c1",
    request,
  });
});

test("an assistant message tells where the session stands, its blocks, and which tools it calls", () => {
  const content = [
    { type: "text", text: "hi" },
    { type: "tool_use", id: "t1", name: "Bash", input: { command: "ls" } },
    null,
  ];
  const message = { type: "assistant", uuid: "u1", message: { id: "msg_1", model: "claude-x", content } };
  assert.deepEqual(read(message), {
    type: "assistant",
    uuid: "u1",
    id: "msg_1",
    model: "claude-x",
    content: content.slice(0, 2),
    uses: [{ name: "Bash", input: { command: "ls" } }],
  });
});

test("a denied tool is told by its name", () => {
  assert.deepEqual(read({ type: "system", subtype: "permission_denied", tool_name: "Write", tool_use_id: "t1" }), {
    type: "denied",
    tool: "Write",
  });
});

test("an assistant message that the CLI made up is a failure, with its code and status", () => {
  const message = { model: "<synthetic>", content: [{ type: "text", text: "API Error" }] };
  assert.deepEqual(read({ type: "assistant", message, error: "rate_limit", api_error_status: 429 }), {
    type: "failure",
    code: "rate_limit",
    status: 429,
  });
  assert.deepEqual(read({ type: "assistant", message }), { type: "failure", code: "", status: undefined });
  assert.deepEqual(read({ type: "assistant", message: { model: "claude-x" }, error: "overloaded" }), {
    type: "failure",
    code: "overloaded",
    status: undefined,
  });
});

test("a tool's result tells whose it is, what it holds and whether it failed; the user's own words tell nothing", () => {
  const user = (content: unknown): unknown => read({ type: "user", message: { role: "user", content } });
  assert.deepEqual(user([{ type: "tool_result", tool_use_id: "t", content: "x", is_error: true }]), {
    type: "tool_result",
    id: "t",
    isError: true,
    content: [{ type: "text", text: "x" }],
  });
  const source = { type: "base64", media_type: "image/png", data: "AA==" };
  const content = [{ type: "text", text: "x" }, { type: "image", source }, { type: "strange" }];
  assert.deepEqual(user([{ type: "tool_result", tool_use_id: "t", content }]), {
    type: "tool_result",
    id: "t",
    isError: false,
    content: [
      { type: "text", text: "x" },
      { type: "image", source: { type: "base64", mediaType: "image/png", data: "AA==" } },
    ],
  });
  for (const content of ["hi", [], [{ type: "text", text: "hi" }], null])
    assert.deepEqual(user(content), { type: "other" });
});

test("a retry tells its number, its delay and the status, if the API gave one", () => {
  const retry = {
    type: "system",
    subtype: "api_retry",
    attempt: 2,
    max_retries: 10,
    retry_delay_ms: 617.3,
    error_status: 529,
    error: "overloaded",
  };
  assert.deepEqual(read(retry), { type: "retry", attempt: 2, delayMs: 617.3, status: 529 });
  assert.deepEqual(read({ ...retry, error_status: null }), {
    type: "retry",
    attempt: 2,
    delayMs: 617.3,
    status: undefined,
  });
  assert.deepEqual(read({ type: "system", subtype: "init", model: "x" }), { type: "other" });
});

test("a plan's limit tells whether it was reached, which, and until when", () => {
  const info = { status: "rejected", resetsAt: 1_700_000_000, rateLimitType: "five_hour", utilization: 1 };
  const limit = (rate_limit_info: object): unknown => read({ type: "rate_limit_event", rate_limit_info });
  assert.deepEqual(limit(info), {
    type: "rate_limit",
    isRejected: true,
    limit: "five_hour",
    resetsAtSeconds: 1_700_000_000,
    report: toPlanReport(info),
  });
  const paid = { overageStatus: "allowed", isUsingOverage: true };
  for (const change of [{ status: "allowed" }, { status: "allowed_warning" }, paid]) {
    const told = { ...info, ...change };
    assert.deepEqual(limit(told), {
      type: "rate_limit",
      isRejected: false,
      limit: "five_hour",
      resetsAtSeconds: 1_700_000_000,
      report: toPlanReport(told),
    });
  }
});

test("a result tells whether the turn failed, by which status, and the CLI's words", () => {
  const result = {
    type: "result",
    subtype: "success",
    is_error: true,
    api_error_status: 404,
    terminal_reason: "error",
    result: "No such model",
  };
  assert.deepEqual(read(result), {
    type: "result",
    isError: true,
    status: 404,
    reason: "error",
    text: "No such model",
  });
  const errors = { type: "result", subtype: "error_during_execution", is_error: true, errors: ["one", 2, "two"] };
  assert.deepEqual(read(errors), { type: "result", isError: true, status: undefined, reason: "", text: "one; two" });
});

test("messages of the CLI's own sub-agents are let pass, whatever they are", () => {
  for (const type of ["stream_event", "assistant", "user", "result"]) {
    assert.deepEqual(
      read({ type, parent_tool_use_id: "toolu_1", message: { model: "<synthetic>" }, event: { type: "message_stop" } }),
      { type: "other" },
    );
  }
});

test("types unknown, and known ones that hold nothing, are no error", () => {
  for (const message of [
    {},
    { type: "keep_alive" },
    { type: 1 },
    { type: "__proto__" },
    { type: "stream_event" },
    { type: "stream_event", event: [] },
  ]) {
    assert.match(JSON.stringify(read(message)), /"other"/);
  }
  for (const type of [
    "control_response",
    "control_request",
    "assistant",
    "user",
    "system",
    "rate_limit_event",
    "result",
  ]) {
    for (const holder of ["message", "response", "request", "rate_limit_info", "none"]) {
      for (const held of [null, 1, "x", [], {}]) assert.doesNotThrow(() => read({ type, [holder]: held }));
    }
  }
});

test("a line that is no JSON object is refused", () => {
  for (const line of ["", "Segmentation fault", "{", "null", "[]", "1", '"text"'])
    assert.throws(() => readMessage(line), SyntaxError, line);
});

test("a result tells the limits of the models that answered, but not those the CLI guesses", () => {
  const modelUsage = {
    "claude-sonnet-5-5": { contextWindow: 1_000_000, maxOutputTokens: 128_000, costBasis: "list" },
    "claude-made-up": { contextWindow: 1_000_000, maxOutputTokens: 32_000, costBasis: "unknown" },
    "claude-odd": { contextWindow: "large" },
  };
  const limits = (held: unknown) => (read({ type: "result", modelUsage: held }) as ResultMessage).limits;
  assert.deepEqual(limits(modelUsage), { "claude-sonnet-5-5": { contextTokens: 1_000_000, outputTokens: 128_000 } });
  for (const held of [undefined, null, [], {}, { "claude-odd": 1 }]) assert.equal(limits(held), undefined);
});

test("usage tells of the cache by time, of the tier and of the speed, as far as the API does", () => {
  const counts = { input: undefined, cacheCreation: undefined, cacheRead: undefined, output: 9 };
  const split = { ephemeral_5m_input_tokens: 3, ephemeral_1h_input_tokens: 4 };
  const told = { output_tokens: 9, cache_creation: split, service_tier: "priority", speed: "fast" };
  const delta = { stop_reason: "stop_sequence", stop_sequence: "END" };
  assert.deepEqual(api({ type: "message_delta", delta, usage: told }), {
    type: "api",
    event: {
      type: "message_delta",
      stopReason: "stop_sequence",
      stopSequence: "END",
      usage: { ...counts, cacheWrites: { fiveMinutes: 3, oneHour: 4 }, serviceTier: "priority", speed: "fast" },
    },
  });
  const none = { output_tokens: 9, cache_creation: {}, service_tier: null, speed: null };
  assert.deepEqual(api({ type: "message_delta", delta: { stop_reason: "end_turn" }, usage: none }), {
    type: "api",
    event: { type: "message_delta", stopReason: "end_turn", usage: counts },
  });
});
