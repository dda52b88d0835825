/**
 * Reads answers of the proxy: whole ones, streams, failures. One verb, `read…`, for a `Response` that came of a
 * request.
 */
import assert from "node:assert/strict";

export interface ChatChunk {
  readonly model: string;
  readonly choices: {
    readonly delta: {
      readonly role?: string;
      readonly content?: string;
      readonly reasoning_content?: string;
      readonly tool_calls?: {
        readonly index: number;
        readonly id?: string;
        readonly function: { readonly name?: string; readonly arguments?: string };
      }[];
    };
    readonly finish_reason: string | null;
  }[];
  readonly usage?: unknown;
  readonly error?: { readonly message: string; readonly type: string; readonly code: string | null };
}

/** Reads an event stream to its end. `data` holds every payload as text, `[DONE]` included. */
export async function readStream(response: Response): Promise<{ data: string[]; chunks: ChatChunk[]; text: string }> {
  const raw = await response.text();
  const data = raw.split("\n\n").flatMap((event) => (event.startsWith("data: ") ? [event.slice("data: ".length)] : []));
  const chunks = data.filter((text) => text !== "[DONE]").map((text) => JSON.parse(text) as ChatChunk);
  const text = chunks.map((chunk) => chunk.choices?.[0]?.delta.content ?? "").join("");
  return { data, chunks, text };
}

/** A whole answer, as far as tests look at it. */
export interface ChatAnswer {
  readonly id: string;
  readonly model: string;
  readonly choices: {
    readonly message: {
      readonly role: string;
      readonly content: string | null;
      readonly reasoning_content?: string;
      readonly tool_calls?: {
        readonly id: string;
        readonly function: { readonly name: string; readonly arguments: string };
      }[];
    };
    readonly finish_reason: string;
  }[];
  readonly usage: unknown;
}

/** Reads a whole answer that has to be a success; gives it with its text. */
export async function readAnswer(response: Response): Promise<ChatAnswer & { readonly text: string }> {
  const raw = await response.text();
  assert.equal(response.status, 200, raw);
  const answer = JSON.parse(raw) as ChatAnswer;
  return { ...answer, text: answer.choices[0]?.message.content ?? "" };
}

export interface ErrorBody {
  readonly message: string;
  readonly type: string;
  readonly param: string | null;
  readonly code: string | null;
}

/** Reads a failure, which has to be OpenAI's envelope and nothing else. */
export async function readError(response: Response): Promise<ErrorBody & { readonly status: number }> {
  const body = (await response.json()) as { error: ErrorBody };
  assert.deepEqual(Object.keys(body), ["error"]);
  assert.deepEqual(Object.keys(body.error), ["message", "type", "param", "code"]);
  assert.notEqual(body.error.message, "");
  return { status: response.status, ...body.error };
}

/** A plain user message. */
export const user = (content: unknown): object => ({ role: "user", content });
export const assistant = (content: unknown, rest: object = {}): object => ({ role: "assistant", content, ...rest });

/** The text of a whole answer, which has to be a success. */
export async function readText(response: Response): Promise<string> {
  return (await readAnswer(response)).text;
}

/** Why a whole answer, which has to be a success, ended. */
export async function readFinish(response: Response): Promise<string | undefined> {
  return (await readAnswer(response)).choices[0]?.finish_reason;
}

/** Reads a stream until `text` has come, and gives its reader to go on with. */
export async function readUntil(response: Response, text: string): Promise<{ rest(): Promise<string> }> {
  assert.ok(response.body);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let seen = "";
  while (!seen.includes(text)) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`the stream ended before ${JSON.stringify(text)} came: ${seen}`);
    seen += value;
  }
  return {
    async rest() {
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return seen;
        seen += value;
      }
    },
  };
}
