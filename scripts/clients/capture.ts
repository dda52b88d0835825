/**
 * A client's requests as a small file for tests: long texts are cut to their beginning and a hash, so that equal ones
 * stay equal, and each request has of the messages only those that the one before did not begin with.
 */
import { createHash } from "node:crypto";
import { isObject } from "../../src/lib/json.ts";
import type { JsonObject } from "../../src/lib/json.ts";
import type { RecordedRequest } from "./recorder.ts";

/** A message as clients write it to Chat Completions. */
export interface CapturedMessage {
  readonly role: string;
  readonly content?: unknown;
  readonly tool_calls?: readonly {
    readonly id: string;
    readonly function: { readonly name: string; readonly arguments: string };
  }[];
}

/** A conversation as a client has sent it to Chat Completions. */
export interface Capture {
  readonly client: string;
  /** All but the messages; it is the same in all requests. */
  readonly body: JsonObject;
  /** Each begins with the first `kept` messages of the one before. */
  readonly requests: readonly { readonly kept: number; readonly added: readonly CapturedMessage[] }[];
}

const LONG = 200;
const BEGINNING = 80;

/** Members that are texts of the client's or its tools', and say nothing of the conversation's shape. */
const isSchema = (value: unknown): value is { properties: JsonObject } =>
  isObject(value) && value["type"] === "object" && isObject(value["properties"]);

function shorten(text: string): string {
  if (text.length <= LONG) return text;
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 8);
  return `${text.slice(0, BEGINNING)} … ${text.length} characters, ${hash}`;
}

/** Values with short texts; of schemas, the names of the properties alone. */
function reduce(value: unknown, home: string): unknown {
  if (typeof value === "string") return shorten(value.replaceAll(home, "/home/user"));
  if (Array.isArray(value)) return value.map((item: unknown) => reduce(item, home));
  if (!isObject(value)) return value;
  if (isSchema(value))
    return { type: "object", properties: Object.fromEntries(Object.keys(value.properties).map((name) => [name, {}])) };
  return Object.fromEntries(Object.entries(value).map(([name, held]) => [name, reduce(held, home)]));
}

const toMessages = ({ messages }: JsonObject): CapturedMessage[] =>
  Array.isArray(messages) ? (messages as CapturedMessage[]) : [];

/** @throws Error when there is no request, or the rest of the body changes within the conversation. */
export function toCapture(client: string, requests: readonly RecordedRequest[], home: string): Capture {
  const bodies = requests.map(({ body }) => reduce(body, home) as JsonObject);
  const rests = bodies.map((held) => Object.fromEntries(Object.entries(held).filter(([name]) => name !== "messages")));
  const [body] = rests;
  if (body === undefined) throw new Error(`Cannot capture ${client}: it has sent nothing`);
  const other = rests.find((rest) => JSON.stringify(rest) !== JSON.stringify(body));
  if (other) throw new Error(`Cannot capture ${client}: its requests differ in more than their messages`);
  let before: readonly string[] = [];
  const parts = bodies.map((held) => {
    const messages = toMessages(held);
    const texts = messages.map((message) => JSON.stringify(message));
    const differs = texts.findIndex((text, at) => text !== before[at]);
    const kept = differs === -1 ? texts.length : differs;
    before = texts;
    return { kept, added: messages.slice(kept) };
  });
  return { client, body, requests: parts };
}
