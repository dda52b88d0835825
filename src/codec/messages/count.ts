/** An estimate of a request's input tokens, made from its size alone: no process runs, and no quota is used. */
import type { AssistantPart, Turn, UserPart } from "../../core/turn.ts";
import { findOpen, PAUSE_EACH, takeNext, toStep } from "../../lib/step.ts";
import type { Work } from "../../lib/work.ts";

/** Of English prose, code and JSON, 3 to 4 bytes of UTF-8 make a token. */
const BYTES_A_TOKEN = 3.5;
/** The API counts this for a large image; smaller ones cost less. */
const IMAGE_TOKENS = 1600;
/** Base64 characters of a PDF a token: a page of text comes to some thousands of tokens and 50 to 100 kB. */
const PDF_CHARACTERS_A_TOKEN = 25;
/** Base64 of what is encrypted, whose text has no more bytes than three quarters of it. */
const REDACTED_CHARACTERS_A_TOKEN = 4.7;
/** Roles and marks around a message or a tool. */
const FRAME_TOKENS = 4;

const toTokens = (text: string): number => Buffer.byteLength(text) / BYTES_A_TOKEN;

/** Quotes, colon and comma around a member's name. */
const MEMBER_TOKENS = 4 / BYTES_A_TOKEN;

/** The tokens of an object's JSON, which is not made. */
function* countJson(value: object): Work<number> {
  const path = [toStep(value)];
  let tokens = 0;
  let walked = 0;
  for (let step = findOpen(path); step; step = findOpen(path)) {
    tokens += MEMBER_TOKENS + toTokens(step.keys?.[step.taken] ?? "");
    const held = takeNext(step);
    if (typeof held !== "object" || held === null) {
      tokens += toTokens(String(held));
      continue;
    }
    path.push(toStep(held));
    if (++walked % PAUSE_EACH === 0) yield;
  }
  return tokens;
}

function* countPart(part: UserPart | AssistantPart): Work<number> {
  switch (part.type) {
    case "text":
      return toTokens(part.text);
    case "image":
      return IMAGE_TOKENS;
    case "document":
      return part.source.type === "text"
        ? toTokens(part.source.text)
        : part.source.data.length / PDF_CHARACTERS_A_TOKEN;
    case "thinking":
      return toTokens(part.text);
    case "redacted":
      return part.data.length / REDACTED_CHARACTERS_A_TOKEN;
    case "call":
      return FRAME_TOKENS + toTokens(part.name) + (yield* countJson(part.input));
    case "result":
      return FRAME_TOKENS + (yield* countParts(part.content));
  }
}

function* countParts(parts: readonly (UserPart | AssistantPart)[]): Work<number> {
  let tokens = 0;
  for (const part of parts) {
    tokens += yield* countPart(part);
    yield;
  }
  return tokens;
}

/** The estimate of a turn's input tokens, at least 1. */
export function* estimateTokens({ system, messages, tools }: Turn): Work<number> {
  let tokens = toTokens(system);
  for (const { content } of messages) tokens += FRAME_TOKENS + (yield* countParts(content));
  for (const tool of tools) tokens += FRAME_TOKENS + (yield* countJson(tool));
  return Math.ceil(tokens);
}
