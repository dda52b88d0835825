/**
 * A Messages API on loopback that answers at once; a program of its own, so that it shares no event loop with what is
 * measured.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createStandIn, formatBlock, formatEnd, formatStart } from "../../src/commands/standin.ts";
import type { JsonObject } from "../../src/lib/json.ts";
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

/** The CLI's prefix for tools it is given over MCP: it never runs tools of its own here. */
const CLIENT_TOOLS = "mcp__";

let toolCalls = 0;

function createCall(name: string, deltas: number): string {
  const block = { type: "tool_use", id: `toolu_bench${++toolCalls}`, name, input: {} };
  const call = formatBlock(1, block, [{ type: "input_json_delta", partial_json: "{}" }]);
  return call.join("") + formatEnd("tool_use", deltas);
}

function createText(model: string, deltas: number): string {
  const usage = { input_tokens: 7, output_tokens: 1 };
  const words = Array.from({ length: deltas }, (_, at) => ({ type: "text_delta", text: toDelta(at) }));
  return formatStart({ id: "msg_bench", model, usage }) + formatBlock(0, { type: "text", text: "" }, words).join("");
}

/**
 * A text made once for each length, so that the API itself takes no part in the figures. Where the client has a tool,
 * it is called then.
 */
function toAnswer(body: JsonObject): string {
  const { model, messages, tools } = body as JsonObject & Call;
  const deltas = toCount(JSON.stringify(messages.findLast(({ role }) => role === "user")?.content ?? ""));
  const key = `${model} ${deltas}`;
  const text = texts.get(key) ?? createText(model, deltas);
  texts.set(key, text);
  const tool = tools?.find(({ name }) => name.startsWith(CLIENT_TOOLS));
  return text + (tool ? createCall(tool.name, deltas) : formatEnd("end_turn", deltas));
}

const standIn = createStandIn(({ response, body, bytes }) => {
  calls.push(bytes);
  response.writeHead(200, { "content-type": "text/event-stream" }).end(toAnswer(body));
});
const server = createServer((request, response) => {
  if (request.url !== "/calls") return standIn(request, response);
  response.end(JSON.stringify(calls));
  calls = [];
});
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
