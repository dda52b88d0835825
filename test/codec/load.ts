/** Requests that are legal or just not, and as large, deep or wide as they get. */
import { MINIMAL_BODY } from "./fuzz.ts";

const repeat = <T>(count: number, make: (at: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at));

/** A value inside so many arrays. */
export function toDeep(levels: number): unknown {
  return JSON.parse(`${"[".repeat(levels)}1${"]".repeat(levels)}`);
}

/** So many user messages, none answered, as every protocol can read them. */
export function toCrowd(count: number): object {
  const messages = repeat(count, (at) => ({ role: "user", content: `message ${at}` }));
  return { ...MINIMAL_BODY, messages, input: messages };
}

/** A user message of so many parts, as every protocol can read it. */
export function toManyParts(count: number): object {
  const content = repeat(count, (at) => ({ type: "text", text: `part ${at}` }));
  return { ...MINIMAL_BODY, messages: [{ role: "user", content }], input: [{ role: "user", content }] };
}

const BEGINNING = { role: "user", content: "begin" };
const toId = (at: number): string => `call${at}`;

/** By path: so many calls in one answer, and a result for each. */
export const TO_CALLS: Readonly<Record<string, (count: number) => object>> = {
  "/v1/chat/completions": (count) => {
    const tool_calls = repeat(count, (at) => ({
      id: toId(at),
      type: "function",
      function: { name: "look", arguments: "{}" },
    }));
    const results = repeat(count, (at) => ({ role: "tool", tool_call_id: toId(at), content: "seen" }));
    return { ...MINIMAL_BODY, messages: [BEGINNING, { role: "assistant", content: null, tool_calls }, ...results] };
  },
  "/v1/responses": (count) => {
    const calls = repeat(count, (at) => ({ type: "function_call", call_id: toId(at), name: "look", arguments: "{}" }));
    const results = repeat(count, (at) => ({ type: "function_call_output", call_id: toId(at), output: "seen" }));
    return { ...MINIMAL_BODY, input: [BEGINNING, ...calls, ...results] };
  },
  "/api/chat": (count) => {
    const tool_calls = repeat(count, (at) => ({ id: toId(at), function: { name: "look", arguments: {} } }));
    const results = repeat(count, (at) => ({ role: "tool", tool_call_id: toId(at), content: "seen" }));
    return { ...MINIMAL_BODY, messages: [BEGINNING, { role: "assistant", content: "", tool_calls }, ...results] };
  },
  "/v1/messages": (count) => {
    const calls = repeat(count, (at) => ({ type: "tool_use", id: toId(at), name: "look", input: {} }));
    const results = repeat(count, (at) => ({ type: "tool_result", tool_use_id: toId(at), content: "seen" }));
    const messages = [BEGINNING, { role: "assistant", content: calls }, { role: "user", content: results }];
    return { ...MINIMAL_BODY, messages };
  },
};

/** By path, where it differs: a user message of so many parts. */
export const TO_PARTS: Readonly<Record<string, (count: number) => object>> = {
  "/api/chat": (count) => {
    const images = repeat(count, () => "iVBORw0KGgoAAAAA");
    return { ...MINIMAL_BODY, messages: [{ role: "user", content: "look", images }] };
  },
};

/** So many tools, each in the form of every protocol, and a choice that allows all of them. */
export function toManyTools(count: number): object {
  const tools = repeat(count, (at) => {
    const definition = { name: `tool${at}`, parameters: { type: "object" } };
    return { ...definition, type: "function", function: definition, input_schema: { type: "object" } };
  });
  return { ...MINIMAL_BODY, tools: tools.map(({ type, ...rest }) => ({ ...rest, type })) };
}
