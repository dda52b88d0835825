/**
 * Fingerprints of conversations: one hash that runs over the set-up and every message, as a client will send them back.
 */
import { createHash } from "node:crypto";
import type { Hash } from "node:crypto";
import type { OwnTools } from "../core/profile.ts";
import { toCallInput } from "../core/reply.ts";
import type { Reply } from "../core/reply.ts";
import type { Message, Tool, Turn, UserPart } from "../core/turn.ts";
import { toCallId } from "../core/turn.ts";
import { canonicalJson } from "../lib/json.ts";

/** Fingerprints of one turn's conversation. */
export interface Fingerprints {
  /** Fingerprint of a process that knows all but the last message; undefined when there is nothing to know. */
  readonly before: string | undefined;
  /** Fingerprint of the process once it has given this answer. */
  after(reply: Reply): string;
}

/**
 * Pieces as one text, each with its length. A word goes before whatever may be there or not, so no two lists make one
 * text.
 */
function toText(pieces: readonly string[]): string {
  let text = "";
  for (const piece of pieces) text += `${piece.length}:${piece}`;
  return text;
}

function addUserPart(pieces: string[], part: UserPart): void {
  switch (part.type) {
    case "text": {
      const text = part.text.trim();
      if (text !== "") pieces.push("text", text);
      break;
    }
    case "image":
      pieces.push("image", part.source.type === "url" ? part.source.url : part.source.data);
      break;
    case "document":
      pieces.push("document", part.title ?? "", part.source.type === "text" ? part.source.text : part.source.data);
      break;
    case "result":
      pieces.push("result", part.id, String(part.isError));
      for (const held of part.content) addUserPart(pieces, held);
      // The end is marked: else a text after the result would read as a part of it.
      pieces.push("end");
  }
}

/** An assistant's text is one text, as we gave it, however it is cut; arguments are compared as values. */
function addAnswer(
  pieces: string[],
  text: string,
  calls: readonly { id: string; name: string; input: unknown }[],
): void {
  pieces.push("assistant", text.trim());
  for (const { id, name, input } of calls) pieces.push("call", toCallId(id), name, canonicalJson(input));
}

function addMessage(pieces: string[], message: Message): void {
  if (message.role === "user") {
    pieces.push("user");
    for (const part of message.content) addUserPart(pieces, part);
    return;
  }
  let text = "";
  for (const part of message.content) if (part.type === "text") text += part.text;
  addAnswer(
    pieces,
    text,
    message.content.filter((part) => part.type === "call"),
  );
}

function toToolPieces({ name, description, schema }: Tool): string[] {
  return [name, description, canonicalJson(schema)];
}

function hashSetUp({ tools, toolChoice, parallelCalls, format }: Turn, model: string, ownTools: OwnTools): Hash {
  const pieces = [
    model,
    ownTools,
    canonicalJson([toolChoice, parallelCalls, format]),
    String(tools.length),
    ...tools.flatMap(toToolPieces),
  ];
  return createHash("sha256").update(toText(pieces));
}

/** Fingerprint of a process's set-up, less the system prompt. A turn with another set-up needs another process. */
export function toSetUpFingerprint(turn: Turn, model: string, ownTools: OwnTools): string {
  return hashSetUp(turn, model, ownTools).digest("base64");
}

/**
 * The fingerprints of a turn for this model and these tools of the CLI's own. Effort and output limit are no part of
 * them: they may change in one process.
 */
export function toFingerprints(turn: Turn, model: string, ownTools: OwnTools): Fingerprints {
  // One text, however long the history: a call of the hash for each message would take twice as long.
  const known = [turn.system.trim()];
  for (const message of turn.messages.slice(0, -1)) addMessage(known, message);
  const hash = hashSetUp(turn, model, ownTools).update(toText(known));
  const last = turn.messages.at(-1);
  return {
    before: turn.messages.at(-2)?.role === "assistant" ? hash.copy().digest("base64") : undefined,
    after({ text, calls }) {
      const pieces: string[] = [];
      if (last) addMessage(pieces, last);
      addAnswer(
        pieces,
        text,
        calls.map((call) => ({ id: call.id, name: call.name, input: toCallInput(call) })),
      );
      return hash.copy().update(toText(pieces)).digest("base64");
    },
  };
}
