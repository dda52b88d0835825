/** Events and whole answers as Ollama's lines of JSON. */
import { toPromptTokens } from "../../core/event.ts";
import type { AnswerEvent, FinishReason, Usage } from "../../core/event.ts";
import { toCallInput } from "../../core/reply.ts";
import type { Reply, ReplyCall } from "../../core/reply.ts";
import type { Encoder, Meta } from "../codec.ts";
import { encodeError } from "./error.ts";
import type { OllamaForm } from "./form.ts";
import type { OllamaAnswer, OllamaCall, OllamaContent, OllamaEnd } from "./wire.ts";

const NS_PER_MS = 1_000_000;

/** Unix milliseconds at which the model had been reached, and at which its first words came. */
interface Times {
  readonly reachedAtMs: number;
  readonly firstAtMs: number;
}

const toDoneReason = (finish: FinishReason): "stop" | "length" => (finish === "length" ? "length" : "stop");

function toEnd(finish: FinishReason, usage: Usage, meta: Meta, { reachedAtMs, firstAtMs }: Times): OllamaEnd {
  const endMs = meta.nowMs();
  const toNs = (fromMs: number, toMs: number): number => Math.round((toMs - fromMs) * NS_PER_MS);
  return {
    done: true,
    done_reason: toDoneReason(finish),
    total_duration: toNs(meta.startedAtMs, endMs),
    load_duration: toNs(meta.startedAtMs, reachedAtMs),
    prompt_eval_count: toPromptTokens(usage),
    prompt_eval_duration: toNs(reachedAtMs, firstAtMs),
    eval_count: usage.output,
    eval_duration: toNs(firstAtMs, endMs),
  };
}

function toAnswer(
  { kind, model }: OllamaForm,
  createdAtMs: number,
  { text, thinking, calls }: OllamaContent,
  end: OllamaEnd | { readonly done: false },
): OllamaAnswer {
  const head = { model, created_at: new Date(createdAtMs).toISOString() };
  const thought = thinking === undefined ? {} : { thinking };
  if (kind === "generate") return { ...head, response: text, ...thought, ...end };
  const made = calls === undefined ? {} : { tool_calls: calls };
  return { ...head, message: { role: "assistant", content: text, ...thought, ...made }, ...end };
}

function toCall(call: ReplyCall, index: number): OllamaCall {
  return { id: call.id, function: { index, name: call.name, arguments: toCallInput(call) } };
}

/** Calls while their arguments come in: Ollama's clients take whole ones only. */
function createCalls() {
  const calls: { readonly id: string; readonly name: string; readonly pieces: string[] }[] = [];
  return {
    open(index: number, id: string, name: string): void {
      calls[index] = { id, name, pieces: [] };
    },
    add(index: number, json: string): void {
      calls[index]?.pieces.push(json);
    },
    toWhole: (): OllamaCall[] =>
      calls.map(({ id, name, pieces }, index) => toCall({ id, name, arguments: pieces.join("") }, index)),
  };
}

const OPEN = { done: false } as const;

/** Makes the lines of one streamed answer. Calls come whole, right before the last line. */
export function createEncoder(form: OllamaForm, meta: Meta): Encoder {
  const calls = createCalls();
  let { model } = form;
  let reachedAtMs: number | undefined;
  let firstAtMs: number | undefined;

  function line(content: OllamaContent, end: OllamaEnd | typeof OPEN = OPEN): string {
    return `${JSON.stringify(toAnswer({ ...form, model }, meta.nowMs(), content, end))}\n`;
  }

  function finish(event: AnswerEvent & { readonly type: "done" }): string {
    const whole = calls.toWhole();
    const reached = reachedAtMs ?? meta.startedAtMs;
    const times = { reachedAtMs: reached, firstAtMs: firstAtMs ?? reached };
    const last = line({ text: "" }, toEnd(event.finish, event.usage, meta, times));
    return whole.length === 0 ? last : line({ text: "", calls: whole }) + last;
  }

  function encode(event: AnswerEvent): string {
    if (event.type !== "start" && event.type !== "done") firstAtMs ??= meta.nowMs();
    switch (event.type) {
      case "start":
        if (reachedAtMs !== undefined) return "";
        reachedAtMs = meta.nowMs();
        model = event.model;
        return line({ text: "" });
      case "text":
        return line({ text: event.text });
      case "thinking":
        return line({ text: "", thinking: event.text });
      case "call":
        calls.open(event.index, event.id, event.name);
        return "";
      case "arguments":
        calls.add(event.index, event.json);
        return "";
      case "signature":
      case "redacted":
      case "progress":
      case "mcp_servers":
      case "mcp_call":
      case "mcp_arguments":
      case "mcp_result":
        return "";
      case "done":
        return finish(event);
    }
  }

  return {
    encode,
    fail: (error) => `${JSON.stringify(encodeError(error))}\n`,
    // A blank line is an error to clients that parse every line.
    keepAlive: () => line({ text: "" }),
  };
}

/** Makes one whole answer. When its first words came is not known of it: all of its time counts as the model's. */
export function encodeReply(reply: Reply, form: OllamaForm, meta: Meta): OllamaAnswer {
  const { text, thinking, calls, model, finish, usage } = reply;
  const content = {
    text,
    ...(thinking === "" ? {} : { thinking }),
    ...(calls.length === 0 ? {} : { calls: calls.map(toCall) }),
  };
  const times = { reachedAtMs: meta.startedAtMs, firstAtMs: meta.startedAtMs };
  return toAnswer({ ...form, model }, meta.nowMs(), content, toEnd(finish, usage, meta, times));
}

/** Makes the answer to a request that asks nothing, which loads a model, or unloads it: here it is always there. */
export function encodeLoaded(form: OllamaForm, reason: "load" | "unload", meta: Meta): OllamaAnswer {
  return toAnswer(form, meta.nowMs(), { text: "" }, { done: true, done_reason: reason });
}
