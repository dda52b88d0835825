/** Requests as real clients send them, one of each kind: what fuzzing mutates and load is made of. */
import { PNG } from "./sdk.ts";

export interface RealRequest {
  /** The client and the kind of request. */
  readonly name: string;
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}

const SHELL = {
  type: "object",
  properties: { command: { type: "string", description: "The command" }, timeout: { type: "number", minimum: 1 } },
  required: ["command"],
  additionalProperties: false,
  $schema: "https://json-schema.org/draft/2020-12/schema",
};
const SYSTEM = "You are a coding agent. Be brief.\n\n# Environment\nWorking directory: /home/user/project";
const IMAGE_URL = `data:image/png;base64,${PNG}`;
const MODEL = "claude-sonnet-4";

const shellTool = (description: string): object => ({
  type: "function",
  function: { name: "shell", description, parameters: SHELL },
});
const readTool = {
  type: "function",
  function: { name: "read_file", parameters: { type: "object", properties: { path: { type: "string" } } } },
};

const CHAT: readonly Omit<RealRequest, "path">[] = [
  {
    name: "agent, first prompt",
    body: {
      model: MODEL,
      stream: true,
      stream_options: { include_usage: true },
      max_tokens: 32_000,
      temperature: 0,
      tool_choice: "auto",
      tools: [shellTool("Runs a command"), readTool],
      messages: [
        { role: "system", content: SYSTEM },
        { role: "user", content: [{ type: "text", text: "List the files" }] },
      ],
    },
  },
  {
    name: "agent, after its tools",
    body: {
      model: MODEL,
      stream: true,
      max_completion_tokens: 8192,
      store: false,
      tools: [shellTool("Runs a command"), readTool],
      messages: [
        { role: "developer", content: SYSTEM },
        { role: "user", content: "List the files" },
        {
          role: "assistant",
          content: null,
          tool_calls: [
            { id: "callx1", type: "function", function: { name: "shell", arguments: '{"command":"ls"}' } },
            { id: "callx2", type: "function", function: { name: "read_file", arguments: '{"path":"a.txt"}' } },
          ],
        },
        { role: "tool", tool_call_id: "callx1", content: "a.txt\nb.txt" },
        { role: "tool", tool_call_id: "callx2", name: "read_file", content: [{ type: "text", text: "hello" }] },
        { role: "user", content: "And now?" },
      ],
    },
  },
  {
    name: "chat window with an image and a file",
    body: {
      model: "anthropic/claude-opus-4",
      stream: false,
      user: "user-1",
      n: 1,
      stop: ["\n\nHuman:"],
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "What is this?" },
            { type: "image_url", image_url: { url: IMAGE_URL, detail: "low" } },
            { type: "file", file: { filename: "a.txt", file_data: "data:text/plain;base64,aGk=" } },
          ],
        },
      ],
    },
  },
  {
    name: "extraction with a schema",
    body: {
      model: MODEL,
      messages: [{ role: "user", content: "Bern has 134,000 people." }],
      response_format: {
        type: "json_schema",
        json_schema: {
          name: "city",
          strict: true,
          schema: {
            type: "object",
            properties: { city: { type: "string" }, people: { type: "integer" } },
            required: ["city", "people"],
            additionalProperties: false,
          },
        },
      },
    },
  },
  {
    name: "legacy functions",
    body: {
      model: "gpt-4o",
      messages: [{ role: "user", content: "hi" }],
      functions: [{ name: "weather", description: "Tells it", parameters: { type: "object", properties: {} } }],
      function_call: "auto",
    },
  },
  {
    name: "forced choice",
    body: {
      model: "haiku",
      messages: [{ role: "user", content: "Call it" }],
      tools: [readTool],
      tool_choice: { type: "function", function: { name: "read_file" } },
      parallel_tool_calls: false,
      reasoning_effort: "low",
    },
  },
];

const RESPONSES: readonly Omit<RealRequest, "path">[] = [
  {
    name: "agent, after its tool",
    body: {
      model: MODEL,
      stream: true,
      store: false,
      instructions: SYSTEM,
      include: ["reasoning.encrypted_content"],
      reasoning: { effort: "medium", summary: "auto" },
      prompt_cache_key: "0190",
      client_metadata: { session: "1" },
      parallel_tool_calls: true,
      tool_choice: "auto",
      text: {},
      tools: [
        { type: "function", name: "shell", description: "Runs a command", strict: false, parameters: SHELL },
        { type: "web_search", external_web_access: false },
        { type: "custom", name: "apply_patch", format: { type: "text" } },
      ],
      input: [
        { type: "message", role: "developer", content: [{ type: "input_text", text: "Be safe" }] },
        { type: "message", role: "user", content: [{ type: "input_text", text: "List the files" }] },
        { type: "reasoning", summary: [], encrypted_content: null },
        { type: "function_call", id: "fc_1", call_id: "call_1", name: "shell", arguments: '{"command":"ls"}' },
        { type: "function_call_output", call_id: "call_1", output: "a.txt" },
      ],
    },
  },
  {
    name: "one text",
    body: { model: MODEL, input: "Say hi", max_output_tokens: 100, metadata: { a: "b" }, truncation: "disabled" },
  },
  {
    name: "image and schema",
    body: {
      model: MODEL,
      input: [
        {
          role: "user",
          content: [
            { type: "input_text", text: "What is this?" },
            { type: "input_image", image_url: IMAGE_URL },
          ],
        },
      ],
      text: { format: { type: "json_schema", name: "kind", schema: { type: "object", properties: {} } } },
    },
  },
];

const MESSAGES: readonly Omit<RealRequest, "path">[] = [
  {
    name: "agent, after its tool",
    body: {
      model: "claude-sonnet-4",
      max_tokens: 32_000,
      stream: true,
      system: [
        { type: "text", text: "You are an agent." },
        { type: "text", text: SYSTEM, cache_control: { type: "ephemeral" } },
      ],
      thinking: { type: "adaptive" },
      output_config: { effort: "medium" },
      context_management: { edits: [{ type: "clear_thinking_20251015", keep: "all" }] },
      metadata: { user_id: "user_1" },
      tools: [
        { name: "Bash", description: "Runs a command", input_schema: SHELL, cache_control: { type: "ephemeral" } },
        { name: "Later", input_schema: { type: "object", properties: {} }, defer_loading: true },
      ],
      messages: [
        { role: "user", content: [{ type: "text", text: "List the files", cache_control: { type: "ephemeral" } }] },
        { role: "system", content: "The user is at work." },
        {
          role: "assistant",
          content: [
            { type: "thinking", thinking: "Let me see", signature: "c2ln" },
            { type: "tool_use", id: "toolu_01A", name: "Bash", input: { command: "ls" } },
          ],
        },
        {
          role: "user",
          content: [
            {
              type: "tool_result",
              tool_use_id: "toolu_01A",
              is_error: false,
              content: [{ type: "text", text: "a.txt" }],
            },
          ],
        },
      ],
    },
  },
  {
    name: "image and document",
    body: {
      model: "opus",
      max_tokens: 1024,
      stop_sequences: ["END"],
      messages: [
        {
          role: "user",
          content: [
            { type: "image", source: { type: "base64", media_type: "image/png", data: PNG } },
            { type: "document", title: "a", source: { type: "text", media_type: "text/plain", data: "hello" } },
            { type: "text", text: "What is this?" },
          ],
        },
      ],
    },
  },
  {
    name: "forced choice",
    body: {
      model: "haiku",
      max_tokens: 64,
      messages: [{ role: "user", content: "Call it" }],
      tools: [{ name: "pick", input_schema: { type: "object", properties: { q: { type: "string" } } } }],
      tool_choice: { type: "tool", name: "pick", disable_parallel_tool_use: true },
      thinking: { type: "disabled" },
      temperature: 1,
    },
  },
];

const at = (path: string, list: readonly Omit<RealRequest, "path">[]): RealRequest[] =>
  list.map((request) => ({ ...request, path }));

/** Requests of every protocol. */
export const REAL_REQUESTS: readonly RealRequest[] = [
  ...at("/v1/chat/completions", CHAT),
  ...at("/v1/responses", RESPONSES),
  ...at("/v1/messages", MESSAGES),
  ...at("/v1/messages/count_tokens", MESSAGES.slice(0, 1)),
];
