/** Request bodies with something wrong in them, the same ones at every run. */
import { mutate } from "../helpers/mutation.ts";
import { createRandom } from "../helpers/random.ts";

/** One request that every protocol can read: each takes the fields it knows. */
export const MINIMAL_BODY = { model: "opus", max_tokens: 64, messages: [{ role: "user", content: "hi" }], input: "hi" };

const TOOL = {
  name: "weather",
  description: "Tells it",
  parameters: { type: "object", properties: { city: { type: "string" } } },
};

/** A request with most fields of most protocols in use. */
export const FULL_BODY = {
  ...MINIMAL_BODY,
  messages: [
    { role: "user", content: [{ type: "text", text: "hi" }] },
    { role: "assistant", content: "Let me look" },
    { role: "user", content: "go on" },
  ],
  input: [{ role: "user", content: "hi" }],
  stream: true,
  stop: ["END"],
  temperature: 0.5,
  top_p: 1,
  metadata: { user_id: "me" },
};

/** The chat protocol's own fields, for bodies that are broken anyway. */
const CHAT_BODY = {
  ...FULL_BODY,
  messages: [
    { role: "system", content: "be kind" },
    { role: "user", content: [{ type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } }] },
    {
      role: "assistant",
      content: null,
      tool_calls: [{ id: "call_1", type: "function", function: { name: "weather", arguments: '{"city":"Bern"}' } }],
    },
    { role: "tool", tool_call_id: "call_1", content: [{ type: "text", text: "rain" }] },
    {
      role: "user",
      content: [{ type: "file", file: { filename: "a.txt", file_data: "data:text/plain;base64,aGk=" } }],
    },
  ],
  tools: [{ type: "function", function: TOOL }, { type: "web_search" }],
  tool_choice: {
    type: "allowed_tools",
    allowed_tools: { mode: "auto", tools: [{ type: "function", function: { name: "weather" } }] },
  },
  functions: [TOOL],
  function_call: { name: "weather" },
  parallel_tool_calls: false,
  stream_options: { include_usage: true },
  response_format: { type: "json_schema", json_schema: { name: "a", schema: { type: "object" } } },
  reasoning_effort: "low",
  max_completion_tokens: 10,
};

/** The other protocols' own fields. */
const OTHER_BODY = {
  ...FULL_BODY,
  system: [{ type: "text", text: "be kind" }],
  instructions: "be kind",
  input: [
    { type: "message", role: "user", content: [{ type: "input_text", text: "hi" }] },
    { type: "function_call", call_id: "call_1", name: "weather", arguments: "{}" },
    { type: "function_call_output", call_id: "call_1", output: "rain" },
  ],
  messages: [
    { role: "user", content: [{ type: "image", source: { type: "base64", media_type: "image/png", data: "AAAA" } }] },
    { role: "assistant", content: [{ type: "tool_use", id: "toolu_1", name: "weather", input: {} }] },
    { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_1", content: "rain" }] },
  ],
  tools: [{ ...TOOL, type: "function", input_schema: { type: "object" } }],
  tool_choice: { type: "auto" },
  text: { format: { type: "text" } },
  reasoning: { effort: "low" },
  thinking: { type: "enabled", budget_tokens: 1024 },
  stop_sequences: ["END"],
};

/** So many bodies, each broken in one to three places. */
export function toFuzzedBodies(count: number): unknown[] {
  const random = createRandom(count);
  return Array.from({ length: count }, () =>
    mutate(random.pick([MINIMAL_BODY, FULL_BODY, CHAT_BODY, CHAT_BODY, OTHER_BODY]), random),
  );
}
