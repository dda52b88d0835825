/** Fingerprints of conversations: one hash that runs over the set-up and every message, as a client will send them back. */
import { createHash } from "node:crypto";
import type { Hash } from "node:crypto";
import type { OwnTools } from "../core/profile.ts";
import { toCallInput } from "../core/reply.ts";
import type { Reply } from "../core/reply.ts";
import type { Message, Tool, Turn, UserPart } from "../core/turn.ts";
import { toCallId } from "../core/turn.ts";
import { canonicalJson } from "../lib/json.ts";

export interface Keys {
  /** What a process is filed under that knows all but the last message; undefined when there is nothing to know. */
  readonly before: string | undefined;
  /** What the process is filed under once it has given this answer. */
  after(reply: Reply): string;
}

/** A list of pieces as one text, with their number and lengths, so that no two lists run together alike. */
function toText(pieces: readonly string[]): string {
  return `${pieces.length};${pieces.map((piece) => `${piece.length}:${piece}`).join("")}`;
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

function hashSetUp({ tools, toolChoice, parallelCalls, format }: Turn, model: string, ownTools: OwnTools): Hash {
  const pieces = [model, ownTools, canonicalJson([toolChoice, parallelCalls, format]), ...tools.flatMap(toToolPieces)];
  return createHash("sha256").update(toText(pieces));
}

/** What a process is set up with once and for all, less the system prompt. A turn that wants another set-up needs another process. */
export function toSetUpKey(turn: Turn, model: string, ownTools: OwnTools): string {
  return hashSetUp(turn, model, ownTools).digest("base64");
}

/** The keys of a turn for this model and these tools of the CLI's own. Effort and output limit are no part of them: they may change in one process. */
export function toKeys(turn: Turn, model: string, ownTools: OwnTools): Keys {
  // One text, however long the history: a call of the hash for each message takes twice as long.
  const known = turn.messages.slice(0, -1).map((message) => toText(toPieces(message)));
  const hash = hashSetUp(turn, model, ownTools).update(toText([turn.system.trim()]) + known.join(""));
  const last = turn.messages.at(-1);
  return {
    before: turn.messages.at(-2)?.role === "assistant" ? hash.copy().digest("base64") : undefined,
    after({ text, calls }) {
      const made = calls.map((call) => ({ id: call.id, name: call.name, input: toCallInput(call) }));
      const asked = last ? toText(toPieces(last)) : "";
      return hash.copy().update(asked + toText(toAnswerPieces(text, made))).digest("base64");
    },
  };
}
