/** The measuring client: chat completions over plain `node:http` with kept connections. */
import { once } from "node:events";
import { Agent, request } from "node:http";
import type { IncomingMessage } from "node:http";
import { startClock } from "./clock.ts";
import type { Answer, Clock } from "./clock.ts";

export type ChatMessage =
  | { readonly role: "user" | "assistant"; readonly content: string; readonly tool_calls?: readonly object[] }
  | { readonly role: "tool"; readonly content: string; readonly tool_call_id: string };

export interface Client {
  /** Asks for the next answer, streamed. `tools` are functions as chat completions take them. */
  stream(messages: readonly ChatMessage[], tools?: readonly object[]): Promise<Answer>;
  /** The same, not streamed: all of it comes at once. */
  ask(messages: readonly ChatMessage[]): Promise<Answer>;
  /** GETs a stream and reads what comes, unseen; settles with the first piece, and gives the way to leave. */
  follow(path: string): Promise<() => void>;
  /** GETs a JSON value. */
  read(path: string): Promise<unknown>;
  close(): void;
}

const MODEL = "claude-sonnet-4";

interface Chunk {
  readonly choices: readonly {
    readonly delta: { readonly content?: string; readonly tool_calls?: readonly { readonly id?: string }[] };
  }[];
}

interface Completion {
  readonly choices: readonly { readonly message: { readonly content: string } }[];
}

async function readAll(response: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of response.setEncoding("utf8")) text += chunk;
  return text;
}

function addChunk({ choices }: Chunk, clock: Clock): void {
  const delta = choices[0]?.delta;
  clock.add(delta?.content ?? "");
  for (const { id } of delta?.tool_calls ?? []) if (id !== undefined) clock.call(id);
}

/** Reads as the CLI's lines are read by hand: by listener, so that neither side waits for more than its data. */
async function readEvents(response: IncomingMessage, clock: Clock): Promise<void> {
  let held = "";
  let isDone = false;
  response.setEncoding("utf8").on("data", (text: string) => {
    const events = (held + text).split("\n\n");
    held = events.pop() ?? "";
    for (const event of events) {
      if (event === "data: [DONE]") isDone = true;
      else if (event.startsWith("data: ")) addChunk(JSON.parse(event.slice(6)) as Chunk, clock);
    }
  });
  await once(response, "end");
  if (!isDone) throw new Error("A stream ended without [DONE]");
}

/** Makes a client of one server. */
export function createClient(url: string): Client {
  const agent = new Agent({ keepAlive: true });
  const { hostname: host, port } = new URL(url);

  function send(method: string, path: string, body?: string): Promise<IncomingMessage> {
    const headers =
      body === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    return new Promise((resolve, reject) => {
      request({ host, port, path, method, agent, headers }, resolve).once("error", reject).end(body);
    });
  }

  async function post(body: string): Promise<IncomingMessage> {
    const response = await send("POST", "/v1/chat/completions", body);
    if (response.statusCode !== 200)
      throw new Error(`The proxy answered ${response.statusCode}: ${await readAll(response)}`);
    return response;
  }

  return {
    async stream(messages, tools) {
      const body = JSON.stringify({ model: MODEL, stream: true, messages, tools });
      const clock = startClock();
      await readEvents(await post(body), clock);
      return clock.end();
    },
    async ask(messages) {
      const body = JSON.stringify({ model: MODEL, messages });
      const clock = startClock();
      const completion = JSON.parse(await readAll(await post(body))) as Completion;
      clock.add(completion.choices[0]?.message.content ?? "");
      return clock.end();
    },
    async follow(path) {
      const response = await send("GET", path);
      const begun = once(response, "data");
      response.resume();
      await begun;
      return () => void response.destroy();
    },
    read: async (path) => JSON.parse(await readAll(await send("GET", path))) as unknown,
    close: () => agent.destroy(),
  };
}
