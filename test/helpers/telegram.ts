/**
 * A Telegram Bot API on loopback: it keeps the messages of a chat as a user would see them, and can limit, fail, hang
 * and refuse.
 */
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { Scope } from "./scope.ts";

export const TOKEN = "123456:AAbot-Secret_token";

/** One call that came in. */
export interface BotCall {
  readonly method: string;
  readonly body: {
    readonly chat_id: string;
    readonly text?: string;
    readonly message_id?: number;
    readonly disable_notification?: boolean;
  };
  /** When it came, by `performance.now()`. */
  readonly at: number;
}

/** What a call is answered with; `hang` is no answer at all. */
export type BotReply = "ok" | "hang" | { readonly status: number; readonly body?: object };

export interface BotApi {
  readonly url: string;
  /** All calls so far, oldest first. */
  readonly calls: BotCall[];
  /** What stands in all chats now. */
  readonly messages: ReadonlyMap<number, string>;
  /** Sets what the next calls are answered with; `at` counts all calls from 0. */
  answer(script: (call: BotCall, at: number) => BotReply): void;
  /** Settles with the first call, old or new, that matches. */
  called(matches: (call: BotCall) => boolean): Promise<BotCall>;
}

/** The answer to a call that comes too often. */
export const tooMany = (seconds: number): BotReply => ({
  status: 429,
  body: {
    ok: false,
    error_code: 429,
    description: `Too Many Requests: retry after ${seconds}`,
    parameters: { retry_after: seconds },
  },
});

export const refused = (status: number, description: string): BotReply => ({
  status,
  body: { ok: false, error_code: status, description },
});

/** Does what the method does, and gives its result. */
function play(messages: Map<number, string>, { method, body }: BotCall, nextId: () => number): unknown {
  if (method === "deleteMessage") return messages.delete(body.message_id ?? 0);
  const id = method === "sendMessage" ? nextId() : (body.message_id ?? 0);
  messages.set(id, body.text ?? "");
  return { message_id: id, text: body.text };
}

/** Starts the API; it ends with the test. A path without the token is a 404, as at Telegram. */
export async function startBotApi(t: Scope): Promise<BotApi> {
  const calls: BotCall[] = [];
  const messages = new Map<number, string>();
  const waiting = new Set<{
    readonly matches: (call: BotCall) => boolean;
    readonly resolve: (call: BotCall) => void;
  }>();
  let script: (call: BotCall, at: number) => BotReply = () => "ok";
  let lastId = 100;

  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const method = new RegExp(`^/bot${TOKEN}/(\\w+)$`).exec(request.url ?? "")?.[1];
      if (method === undefined) return void response.writeHead(404).end('{"ok":false,"description":"Not Found"}');
      const call: BotCall = {
        method,
        body: JSON.parse(Buffer.concat(chunks).toString()) as BotCall["body"],
        at: performance.now(),
      };
      const reply = script(call, calls.push(call) - 1);
      const result = reply === "ok" ? play(messages, call, () => ++lastId) : undefined;
      for (const waiter of waiting) if (waiter.matches(call)) waiter.resolve(call);
      if (reply === "hang") return;
      const answer = reply === "ok" ? { ok: true, result } : (reply.body ?? {});
      response
        .writeHead(reply === "ok" ? 200 : reply.status, { "content-type": "application/json" })
        .end(JSON.stringify(answer));
    })().catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    messages,
    answer(next) {
      script = next;
    },
    called(matches) {
      const old = calls.find(matches);
      return old ? Promise.resolve(old) : new Promise((resolve) => waiting.add({ matches, resolve }));
    },
  };
}
