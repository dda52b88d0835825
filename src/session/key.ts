/** Fingerprints of conversations: a hash chain over the set-up and every message, as a client will send them back. */
import { createHash } from "node:crypto";
import type { OwnTools } from "../core/profile.ts";
import type { Reply } from "../core/reply.ts";
import type { Message, Tool, Turn, UserPart } from "../core/turn.ts";
import { toCallId } from "../core/turn.ts";
import { canonicalJson, isObject, parseJson } from "../lib/json.ts";

export interface Keys {
  /** What a process is filed under that knows all but the last message; undefined when there is nothing to know. */
  readonly before: string | undefined;
  /** What the process is filed under once it has given this answer. */
  after(reply: Reply): string;
}

/** Every piece goes in with its length, so that no two lists of pieces run together alike. */
function chain(previous: string, pieces: readonly string[]): string {
  const hash = createHash("sha256").update(previous);
  for (const piece of pieces) hash.update(`\n${piece.length}:`).update(piece);
  return hash.digest("base64");
}

function toUserPieces(part: UserPart): string[] {
  switch (part.type) {
    case "text":
      return part.text.trim() === "" ? [] : ["text", part.text.trim()];
    case "image":
      return ["image", part.source.type === "url" ? part.source.url : part.source.data];
    case "document":
      return ["document", part.title ?? "", part.source.type === "text" ? part.source.text : part.source.data];
    case "result":
      // The end is marked: else a text after the result would read as a part of it.
      return ["result", part.id, String(part.isError), ...part.content.flatMap(toUserPieces), "end"];
  }
}

/** An assistant's text is one text, as we gave it, however it is cut; arguments are compared as values. */
function toAnswerPieces(text: string, calls: readonly { id: string; name: string; input: unknown }[]): string[] {
  return ["assistant", text.trim(), ...calls.flatMap(({ id, name, input }) => [toCallId(id), name, canonicalJson(input)])];
}

function toPieces(message: Message): string[] {
  if (message.role === "user") return ["user", ...message.content.flatMap(toUserPieces)];
  const texts = message.content.map((part) => (part.type === "text" ? part.text : ""));
  return toAnswerPieces(
    texts.join(""),
    message.content.filter((part) => part.type === "call"),
  );
}

function toToolPieces({ name, description, schema }: Tool): string[] {
  return [name, description, canonicalJson(schema)];
}

/** What a process is set up with once and for all, less the system prompt. A turn that wants another set-up needs another process. */
export function toSetUpKey({ tools, toolChoice, parallelCalls, format }: Turn, model: string, ownTools: OwnTools): string {
  return chain("", [model, ownTools, canonicalJson([toolChoice, parallelCalls, format]), ...tools.flatMap(toToolPieces)]);
}

/** The keys of a turn for this model and these tools of the CLI's own. Effort and output limit are no part of them: they may change in one process. */
export function toKeys(turn: Turn, model: string, ownTools: OwnTools): Keys {
  let key = chain(toSetUpKey(turn, model, ownTools), [turn.system.trim()]);
  for (const message of turn.messages.slice(0, -1)) key = chain(key, toPieces(message));
  const before = turn.messages.at(-2)?.role === "assistant" ? key : undefined;
  const last = turn.messages.at(-1);
  return {
    before,
    after({ text, calls }) {
      const asked = last ? chain(key, toPieces(last)) : key;
      const made = calls.map(({ id, name, arguments: json }) => ({ id, name, input: toInput(json) }));
      return chain(asked, toAnswerPieces(text, made));
    },
  };
}

/** Arguments as a client gives them back: what is not a JSON object has become an empty one. */
function toInput(json: string): unknown {
  const value = parseJson(json);
  return isObject(value) ? value : {};
}
