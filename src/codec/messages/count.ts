/** An estimate of a request's input tokens, made from its size alone: no process runs, and no quota is used. */
import type { AssistantPart, Message, Turn, UserPart } from "../../core/turn.ts";

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
const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);

function countPart(part: UserPart | AssistantPart): number {
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
      return FRAME_TOKENS + toTokens(part.name + JSON.stringify(part.input));
    case "result":
      return FRAME_TOKENS + sum(part.content.map(countPart));
  }
}

const countMessage = ({ content }: Message): number => FRAME_TOKENS + sum(content.map(countPart));

/** The estimate of a turn's input tokens, at least 1. */
export function estimateTokens({ system, messages, tools }: Turn): number {
  const toolTokens = tools.map((tool) => FRAME_TOKENS + toTokens(JSON.stringify(tool)));
  return Math.ceil(toTokens(system) + sum(messages.map(countMessage)) + sum(toolTokens));
}
