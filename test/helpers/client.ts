/**
 * What a client of the proxy does and sees: chats that keep their own history, the state of the server, its log of
 * processes.
 */
import assert from "node:assert/strict";
import { assistant, readStream, readText, user } from "./answer.ts";
import type { ChatAnswer } from "./answer.ts";
import { eventually } from "./proxy.ts";
import type { Proxy } from "./proxy.ts";

export interface ChatClient {
  /** Everything said so far, as it is sent with the next turn. */
  readonly messages: object[];
  /** Sends the next turn and gives the answer. `rest` is added to the body of this turn alone. */
  say(content: unknown, rest?: object): Promise<string>;
}

/** Makes a chat that begins with `messages` and sends its whole history each time, as OpenAI clients do. */
export function createChat(proxy: Proxy, body: object = {}, messages: readonly object[] = []): ChatClient {
  const said = [...messages];
  return {
    messages: said,
    async say(content, rest = {}) {
      said.push(user(content));
      const text = await readText(await proxy.chat({ model: "sonnet", ...body, ...rest, messages: said }));
      said.push(assistant(text));
      return text;
    },
  };
}

/** The text of an answer that has ended well, whole or streamed; undefined for any other. */
async function readGood(response: Response): Promise<string | undefined> {
  if (response.status !== 200) return undefined;
  if (response.headers.get("content-type")?.startsWith("text/event-stream")) {
    const { chunks, text } = await readStream(response);
    return chunks.some(({ choices }) => choices?.[0]?.finish_reason === "stop") ? text : undefined;
  }
  const [choice] = ((await response.json()) as ChatAnswer).choices;
  return choice?.finish_reason === "stop" ? (choice.message.content ?? "") : undefined;
}

/** A conversation that several tests go on with, each with a question of its own. */
export interface Thread {
  /** Asks the next question; `rest` is added to the body of this turn alone. */
  ask(content: unknown, rest?: object): Promise<Response>;
}

/**
 * Makes a thread: the process that gave the last answer is asked the next question, and a start is saved. After an
 * answer that is not a good one, or has no words, the conversation begins anew.
 */
export function createThread(proxy: Proxy, body: object = {}): Thread {
  let said: Promise<readonly object[]> = Promise.resolve([]);
  return {
    async ask(content, rest = {}) {
      const messages = [...(await said), user(content)];
      const response = await proxy.chat({ model: "sonnet", ...body, ...rest, messages });
      said = readGood(response.clone()).then(
        (text = "") => (text.trim() === "" ? [] : [...messages, assistant(text)]),
        () => [],
      );
      return response;
    },
  };
}

export interface Health {
  readonly status: string;
  readonly reason?: string;
  readonly sessions: { readonly live: number; readonly busy: number; readonly spare: number; readonly queued: number };
}

/**
 * What /health says, with its status. Once it has been asked, the proxy runs no short commands of the CLI for a minute.
 */
export async function readHealth(proxy: Proxy): Promise<Health & { code: number }> {
  const response = await fetch(`${proxy.url}/health`);
  return { ...((await response.json()) as Health), code: response.status };
}

/** Settles when the sessions are as `holds` wants them. */
export async function untilSessions(
  proxy: Proxy,
  what: string,
  holds: (sessions: Health["sessions"]) => boolean,
): Promise<void> {
  await eventually(what, async () => holds((await readHealth(proxy)).sessions));
}

/** A CLI process that the log tells of. */
export interface Start {
  readonly pid: number;
  /** `fresh`, `replay`, `await`, `begin` or `resume`. */
  readonly as: string;
}

/** The processes started so far, oldest first. */
export function readStarts(proxy: Proxy): Start[] {
  return proxy.log.flatMap((line) => {
    const [, pid, as] = /started claude pid=(\d+) as=(\w+)/.exec(line) ?? [];
    return pid === undefined || as === undefined ? [] : [{ pid: Number(pid), as }];
  });
}

/** The ways in which the first `count` turns began, in the order of their ends: see `core/start.ts`. */
export async function readTurnStarts(proxy: Proxy, count: number): Promise<string[]> {
  const read = (): string[] => proxy.log.flatMap((line) => / start=(\w+)/.exec(line)?.[1] ?? []);
  // A line is written when its response closes, which its reader may see first.
  await eventually("every turn is in the log", () => read().length >= count);
  return read();
}

/** How many processes were started as `as`. */
export function countStarts(proxy: Proxy, as: string): number {
  return readStarts(proxy).filter((start) => start.as === as).length;
}

/** Settles when the log tells that a process has ended. */
export async function untilEnded(proxy: Proxy, pid: number | undefined): Promise<void> {
  assert.ok(pid !== undefined);
  await proxy.logged(new RegExp(`claude ended pid=${pid}\\b`));
}

/** The most processes that were alive at once, by the log. */
export function countMostAlive(proxy: Proxy): number {
  let alive = 0;
  let most = 0;
  for (const line of proxy.log) {
    if (line.includes("started claude")) alive++;
    if (line.includes("claude ended")) alive--;
    most = Math.max(most, alive);
  }
  return most;
}

/** A promise, and the function that settles it. */
export function createLatch(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}
