/**
 * A Messages API on loopback that answers at once; a program of its own, so that it shares no event loop with what is
 * measured.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { formatBlock, formatEnd, formatStart } from "../../src/commands/standin.ts";
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
function toAnswer(body: string): string {
  const { model, messages, tools } = JSON.parse(body) as Call;
  const deltas = toCount(JSON.stringify(messages.findLast(({ role }) => role === "user")?.content ?? ""));
  const key = `${model} ${deltas}`;
  const text = texts.get(key) ?? createText(model, deltas);
  texts.set(key, text);
  const tool = tools?.find(({ name }) => name.startsWith(CLIENT_TOOLS));
  return text + (tool ? createCall(tool.name, deltas) : formatEnd("end_turn", deltas));
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
