/**
 * Conversations in each protocol, as their clients hold them: the history is theirs, and a failed turn leaves no trace
 * in it.
 */
import { isObject, parseJson } from "../../src/lib/json.ts";
import type { JsonObject } from "../../src/lib/json.ts";
import { toResult } from "./model.ts";

/** A failure as the client sees it: a status, or an error in a stream. */
export class TalkError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export interface Talk {
  /**
   * Says the words and gives the text of the answer, tools run on the way. @throws TalkError; an AbortError for
   * `signal`.
   */
  say(words: string, signal: AbortSignal): Promise<string>;
}

/** The outcome of one request. */
interface Said {
  /** All of it, for a trouble to be told with. */
  readonly raw: string;
  readonly text: string;
  /** The tool call's id, when there is one. */
  readonly call?: string;
  /** The answer's own id. */
  readonly id?: string;
}

const MODEL = "claude-sonnet-4";
const SCHEMA = { type: "object", properties: { q: { type: "string" } } };

async function post(url: string, body: object, signal: AbortSignal): Promise<string> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body), signal });
  const text = await response.text();
  if (response.status !== 200) throw new TalkError(response.status, text);
  return text;
}

/** The data of each event. */
function toEvents(raw: string): JsonObject[] {
  const events = raw.split("\n\n").flatMap((event) => /^data: (.*)$/m.exec(event)?.[1] ?? []);
  return events.map(parseJson).filter(isObject);
}

const object = (value: unknown): JsonObject => (isObject(value) ? value : {});
const list = (value: unknown): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);
const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** No answer of the model is empty. */
function checkText({ raw, text: words }: Said): void {
  if (words === "") throw new Error(`An empty answer: ${raw.slice(-1500)}`);
}

function checkErrors(events: readonly JsonObject[]): void {
  const failed = events.find((event) => isObject(event["error"]) || event["type"] === "response.failed");
  if (failed) throw new TalkError(502, JSON.stringify(failed));
}

function readChat(raw: string, isStreamed: boolean): Said {
  if (!isStreamed) {
    const message = object(list(object(parseJson(raw))["choices"])[0]?.["message"]);
    const [call] = list(message["tool_calls"]);
    return { raw, text: text(message["content"]), ...(call ? { call: text(call["id"]) } : {}) };
  }
  const events = toEvents(raw);
  checkErrors(events);
  if (!raw.endsWith("data: [DONE]\n\n")) throw new Error(`A stream without [DONE]: ${raw.slice(-200)}`);
  const deltas = events.map((event) => object(list(event["choices"])[0]?.["delta"]));
  const call = deltas.flatMap((delta) => list(delta["tool_calls"])).find(({ id }) => typeof id === "string");
  return {
    raw,
    text: deltas.map((delta) => text(delta["content"])).join(""),
    ...(call ? { call: text(call["id"]) } : {}),
  };
}

/** Chat completions; with `tools`, each turn makes a call first. */
export function createChatTalk(url: string, options: { isStreamed: boolean; hasTools: boolean; system: string }): Talk {
  const { isStreamed, hasTools, system } = options;
  const tools = hasTools ? [{ type: "function", function: { name: "look", parameters: SCHEMA } }] : undefined;
  let messages: readonly object[] = [{ role: "system", content: system }];
  const ask = async (held: readonly object[], signal: AbortSignal): Promise<Said> => {
    const body = { model: MODEL, stream: isStreamed, messages: held, tools };
    return readChat(await post(`${url}/v1/chat/completions`, body, signal), isStreamed);
  };
  return {
    async say(words, signal) {
      let held = [...messages, { role: "user", content: words }];
      let said = await ask(held, signal);
      if (said.call !== undefined) {
        const call = {
          id: said.call,
          type: "function",
          function: { name: "look", arguments: JSON.stringify({ q: words }) },
        };
        const result = { role: "tool", tool_call_id: said.call, content: toResult(words) };
        held = [...held, { role: "assistant", content: said.text || null, tool_calls: [call] }, result];
        said = await ask(held, signal);
      }
      checkText(said);
      messages = [...held, { role: "assistant", content: said.text }];
      return said.text;
    },
  };
}

function readMessages(raw: string, isStreamed: boolean): Said {
  if (!isStreamed) {
    const blocks = list(object(parseJson(raw))["content"]);
    const call = blocks.find(({ type }) => type === "tool_use");
    return {
      raw,
      text: blocks.map((block) => text(block["text"])).join(""),
      ...(call ? { call: text(call["id"]) } : {}),
    };
  }
  const events = toEvents(raw);
  checkErrors(events);
  if (events.at(-1)?.["type"] !== "message_stop") throw new Error(`A stream without its end: ${raw.slice(-200)}`);
  const call = events.map((event) => object(event["content_block"])).find(({ type }) => type === "tool_use");
  const words = events.map((event) => text(object(event["delta"])["text"])).join("");
  return { raw, text: words, ...(call ? { call: text(call["id"]) } : {}) };
}

/** Anthropic Messages; with `tools`, each turn makes a call first. */
export function createMessagesTalk(
  url: string,
  options: { isStreamed: boolean; hasTools: boolean; system: string },
): Talk {
  const { isStreamed, hasTools, system } = options;
  const tools = hasTools ? [{ name: "look", input_schema: SCHEMA }] : undefined;
  let messages: readonly object[] = [];
  const ask = async (held: readonly object[], signal: AbortSignal): Promise<Said> => {
    const body = { model: MODEL, max_tokens: 1000, stream: isStreamed, system, messages: held, tools };
    return readMessages(await post(`${url}/v1/messages`, body, signal), isStreamed);
  };
  return {
    async say(words, signal) {
      let held = [...messages, { role: "user", content: words }];
      let said = await ask(held, signal);
      if (said.call !== undefined) {
        const call = { type: "tool_use", id: said.call, name: "look", input: { q: words } };
        const before = said.text === "" ? [] : [{ type: "text", text: said.text }];
        const result = { type: "tool_result", tool_use_id: said.call, content: toResult(words) };
        held = [...held, { role: "assistant", content: [...before, call] }, { role: "user", content: [result] }];
        said = await ask(held, signal);
      }
      checkText(said);
      messages = [...held, { role: "assistant", content: said.text }];
      return said.text;
    },
  };
}

function readResponse(raw: string, isStreamed: boolean): Said {
  const events = isStreamed ? toEvents(raw) : [];
  checkErrors(events);
  const response = isStreamed ? object(events.at(-1)?.["response"]) : object(parseJson(raw));
  if (response["status"] !== "completed") throw new Error(`A response that is not completed: ${raw.slice(-300)}`);
  const parts = list(response["output"]).flatMap((item) => list(item["content"]));
  return { raw, id: text(response["id"]), text: parts.map((part) => text(part["text"])).join("") };
}

/** Responses that go on from the stored one before. */
export function createResponsesTalk(url: string, options: { isStreamed: boolean; system: string }): Talk {
  const { isStreamed, system } = options;
  let before: string | undefined;
  return {
    async say(words, signal) {
      const body = {
        model: MODEL,
        stream: isStreamed,
        input: words,
        instructions: system,
        previous_response_id: before,
      };
      const said = readResponse(await post(`${url}/v1/responses`, body, signal), isStreamed);
      checkText(said);
      before = said.id;
      return said.text;
    },
  };
}
