/**
 * A Messages API on loopback that answers at once; a program of its own, so that it shares no event loop with what is
 * measured.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { toCount, toDelta } from "./text.ts";

interface Message {
  readonly role: string;
  readonly content: unknown;
}

interface Call {
  readonly model: string;
  readonly messages: readonly Message[];
  readonly tools?: readonly { readonly name: string }[];
}

const texts = new Map<string, string>();
/** Bytes of each call's body since the list was last asked for. */
let calls: number[] = [];

const frame = (type: string, rest: object): string => `event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`;

function createEnd(deltas: number, stopReason: string): string {
  return [
    frame("message_delta", {
      delta: { stop_reason: stopReason, stop_sequence: null },
      usage: { output_tokens: deltas },
    }),
    frame("message_stop", {}),
  ].join("");
}

/** The CLI's prefix for tools it is given over MCP: it never runs tools of its own here. */
const CLIENT_TOOLS = "mcp__";

let toolCalls = 0;

function createCall(name: string, deltas: number): string {
  const block = { type: "tool_use", id: `toolu_bench${++toolCalls}`, name, input: {} };
  return [
    frame("content_block_start", { index: 1, content_block: block }),
    frame("content_block_delta", { index: 1, delta: { type: "input_json_delta", partial_json: "{}" } }),
    frame("content_block_stop", { index: 1 }),
    createEnd(deltas, "tool_use"),
  ].join("");
}

function createText(model: string, deltas: number): string {
  const usage = { input_tokens: 7, output_tokens: 1 };
  const message = {
    id: "msg_bench",
    type: "message",
    role: "assistant",
    model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage,
  };
  const words = Array.from({ length: deltas }, (_, at) =>
    frame("content_block_delta", { index: 0, delta: { type: "text_delta", text: toDelta(at) } }),
  );
  return [
    frame("message_start", { message }),
    frame("content_block_start", { index: 0, content_block: { type: "text", text: "" } }),
    ...words,
    frame("content_block_stop", { index: 0 }),
  ].join("");
}

/**
 * A text made once for each length, so that the API itself takes no part in the figures. Where the client has a tool,
 * it is called then.
 */
function toAnswer(body: string): string {
  const { model, messages, tools } = JSON.parse(body) as Call;
  const deltas = toCount(JSON.stringify(messages.findLast(({ role }) => role === "user")?.content ?? ""));
  const key = `${model} ${deltas}`;
  const text = texts.get(key) ?? createText(model, deltas);
  texts.set(key, text);
  const tool = tools?.find(({ name }) => name.startsWith(CLIENT_TOOLS));
  return text + (tool ? createCall(tool.name, deltas) : createEnd(deltas, "end_turn"));
}

const server = createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request.setEncoding("utf8")) body += chunk;
  if (request.method === "GET" && request.url === "/calls") {
    response.end(JSON.stringify(calls));
    calls = [];
  } else if (request.method === "POST" && request.url?.startsWith("/v1/messages")) {
    calls.push(Buffer.byteLength(body));
    response.writeHead(200, { "content-type": "text/event-stream" }).end(toAnswer(body));
  } else response.writeHead(404).end("{}");
});
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
