/**
 * Fingerprints of conversations: one hash that runs over the set-up and every message, as a client will send them back.
 */
import { createHash } from "node:crypto";
import type { Hash } from "node:crypto";
import { toSetUpChoice } from "../cli/request/structured.ts";
import type { McpServer } from "../core/mcp.ts";
import type { OwnTools } from "../core/profile.ts";
import { toMessages } from "../core/reply.ts";
import type { Reply } from "../core/reply.ts";
import { toResultText, toSteps } from "../core/round.ts";
import type { Message, ToolCall, ToolResult, Turn, UserMessage, UserPart } from "../core/turn.ts";
import { toCallId } from "../core/turn.ts";
import { spellJson } from "../lib/spell.ts";
import { finishInSlices, joinSmall, toSlices } from "../lib/slice.ts";
import { actOnEach } from "../lib/work.ts";
import type { Work } from "../lib/work.ts";
import { findSubject } from "./rule.ts";
import type { Subject } from "./rule.ts";

/** Fingerprints of one turn's conversation. */
export interface Fingerprints {
  /** Fingerprint of a process that knows all but the last message; undefined when there is nothing to know. */
  readonly before: string | undefined;
  /** Fingerprint of a process that has given this answer to the turn's messages, or to others in their place. */
  after(reply: Reply, messages?: readonly Message[]): Promise<string>;
  /** Fingerprint of the process's set-up, system prompt included. */
  readonly setUp: string;
  /**
   * The mark of this turn once it has this answer; undefined where it has no such message, or its prompt is the turn's
   * own message, so that there is no second mark.
   */
  mark(reply: Reply, subject: Subject): Promise<TurnMark | undefined>;
  /** The mark of the turn before, as the history tells it; undefined when the history does not end in one. */
  readPrevious(subject: Subject): Promise<TurnMark | undefined>;
  /**
   * For each message but the last, the fingerprint of a process whose last answer it was; undefined for a user's.
   * `messages` are others in the place of the turn's. Computed at each call.
   */
  answers(messages?: readonly Message[]): Promise<readonly (string | undefined)[]>;
}

/** A finished turn, to be known again though parts of one of its messages are gone. */
export interface TurnMark {
  /** Stands for the set-up, the answer, and the conversation before it without that message. */
  readonly key: string;
  /** The parts of that message, in order; blank ones have none. */
  readonly parts: readonly string[];
}

/** Texts that are hashed one after the other, as if they were one. */
type Pieces = Generator<string, void>;

/** Length-prefixed texts. Callers tag with a word whatever may be missing, so the encoding is injective. */
function* spell(...texts: readonly string[]): Pieces {
  for (const text of texts) {
    yield `${text.length}:`;
    yield* toSlices(text);
  }
}

/** JSON ends by itself: its length need not be told. */
const spellValue = (value: unknown): Pieces => spellJson(value, { isSorted: true });

function* spellUserPart(part: UserPart): Pieces {
  switch (part.type) {
    case "text": {
      const text = part.text.trim();
      if (text !== "") yield* spell("text", text);
      break;
    }
    case "image":
      yield* spell("image", part.source.type === "url" ? part.source.url : part.source.data);
      break;
    case "document":
      yield* spell("document", part.title ?? "", part.source.type === "text" ? part.source.text : part.source.data);
      break;
    case "result":
      yield* spell("result", part.id, String(part.isError));
      for (const held of part.content) yield* spellUserPart(held);
      // The end is marked: else a text after the result would read as a part of it.
      yield* spell("end");
  }
}

/** Arguments are compared as values. */
function* spellCall({ id, server, name, input }: ToolCall): Pieces {
  yield* spell("call", toCallId(id), name);
  yield* spellValue(input);
  if (server !== undefined) yield* spell("server", server);
}

/** Some clients give the result of a server's call back as one text, and without images. */
function* spellServerResult({ isError, content }: ToolResult): Pieces {
  yield* spell("result", String(isError), toResultText(content).trim());
}

/**
 * An assistant's text is one text, as we gave it, however it is cut. Each call to a server has its result beside it: a
 * client need not tell which of them were made together.
 */
function* spellAnswer(messages: readonly Message[]): Pieces {
  const parts = messages.flatMap(({ content }): readonly Message["content"][number][] => content);
  const results = new Map(parts.flatMap((part) => (part.type === "result" ? [[part.id, part] as const] : [])));
  let text = "";
  for (const part of parts) if (part.type === "text") text += part.text;
  yield* spell("assistant", text.trim());
  for (const part of parts) {
    if (part.type !== "call") continue;
    yield* spellCall(part);
    const result = part.server === undefined ? undefined : results.get(part.id);
    if (result) yield* spellServerResult(result);
  }
}

/** Spells a message of the user's, or an answer with all of its rounds. */
function* spellStep(step: readonly Message[]): Pieces {
  const [first] = step;
  if (first?.role !== "user") return yield* spellAnswer(step);
  yield* spell("user");
  for (const part of first.content) yield* spellUserPart(part);
}

/** The part of a set-up that is no part of the turn. */
export interface Setting {
  /** The CLI's name of the model. */
  readonly model: string;
  /** The CLI's own tools. */
  readonly tools: OwnTools;
  readonly servers: readonly McpServer[];
}

function* spellSetUp(turn: Turn, setting: Setting): Pieces {
  const { tools, format } = turn;
  yield* spell(setting.model, setting.tools);
  yield* spellValue(setting.servers);
  yield* spellValue([toSetUpChoice(turn), format]);
  yield* spell(String(tools.length));
  for (const { name, description, schema } of tools) {
    yield* spell(name, description);
    yield* spellValue(schema);
  }
}

/** Messages as `toSteps` gathers them. */
type Steps = readonly (readonly Message[])[];

function* spellSteps(steps: Steps): Pieces {
  for (const step of steps) yield* spellStep(step);
}

const spellReply = (reply: Reply): Pieces => spellAnswer(toMessages(reply));

/** Hashes few long texts: a call of the hash for each piece would take twice as long. */
function* update(hash: Hash, pieces: Pieces): Work<Hash> {
  yield* actOnEach(joinSmall(pieces), (text) => hash.update(text));
  return hash;
}

const add = (hash: Hash, pieces: Pieces): Promise<Hash> => finishInSlices(update(hash, pieces));

/** A hash that goes on from `hash`, which stays as it is. */
async function digest(hash: Hash, pieces: Pieces): Promise<string> {
  return (await add(hash.copy(), pieces)).digest("base64");
}

/** Most parts of a message that has a mark. Clients that rewrite theirs send a few; each part is hashed by itself. */
const MOST_MARKED = 100;

async function toPartMarks({ content }: UserMessage): Promise<string[]> {
  const isBlank = (part: UserPart): boolean => part.type === "text" && part.text.trim() === "";
  const marks: string[] = [];
  for (const part of content) if (!isBlank(part)) marks.push(await digest(createHash("sha256"), spellUserPart(part)));
  return marks;
}

/** The value of `Fingerprints.answers`, from the hash of the set-up on. One work: each of very many steps is short. */
function* toAnswers(start: Hash, messages: readonly Message[]): Work<(string | undefined)[]> {
  const running = start.copy();
  const found: (string | undefined)[] = [];
  for (const step of [...toSteps(messages)].slice(0, -1)) {
    yield* update(running, spellStep(step));
    found.push(...step.slice(1).map(() => undefined));
    found.push(step[0]?.role === "assistant" ? running.copy().digest("base64") : undefined);
  }
  return found;
}

/** Fingerprint of a process's set-up, less the system prompt. A turn with another set-up needs another process. */
export async function toSetUpFingerprint(turn: Turn, setting: Setting): Promise<string> {
  return (await add(createHash("sha256"), spellSetUp(turn, setting))).digest("base64");
}

/** A hash over the set-up and the first `count` of a turn's steps. */
interface Reached {
  readonly count: number;
  readonly hash: Hash;
}

/** Hashes over other steps: it goes on from the furthest that is reached and has the same messages. */
function createReach(steps: Steps, reached: readonly [Reached, ...Reached[]]): (others: Steps) => Promise<Hash> {
  return async (others) => {
    const differs = others.findIndex(([first], at) => first !== steps[at]?.[0]);
    const common = differs === -1 ? others.length : differs;
    const from = reached.findLast(({ count }) => count <= common) ?? reached[0];
    return add(from.hash.copy(), spellSteps(others.slice(from.count)));
  };
}

/**
 * The fingerprints of a turn for this model and these tools. Settings of one turn, such as effort, output limit and
 * stop sequences, are no part of them: they may change in one process.
 */
export async function toFingerprints(turn: Turn, setting: Setting): Promise<Fingerprints> {
  const steps = [...toSteps(turn.messages)];
  const answered = steps.at(-2);
  const start = await add(await add(createHash("sha256"), spellSetUp(turn, setting)), spell(turn.system.trim()));
  const [asked, last] = [Math.max(0, steps.length - 3), Math.max(0, steps.length - 1)];
  const earlier = await add(start.copy(), spellSteps(steps.slice(0, asked)));
  const hash = await add(earlier.copy(), spellSteps(steps.slice(asked, last)));
  const reach = createReach(steps, [
    { count: 0, hash: start },
    { count: asked, hash: earlier },
    { count: last, hash },
  ]);

  /** The mark of a turn that was asked with these steps. */
  async function mark(past: Steps, answer: Pieces, subject: Subject): Promise<TurnMark | undefined> {
    const at = findSubject(
      past.flatMap((step) => step.slice(0, 1)),
      subject,
    );
    const message = past[at]?.[0];
    if (message?.role !== "user" || (subject === "prompt" && at === past.length - 1)) return undefined;
    if (message.content.length > MOST_MARKED) return undefined;
    const key = await digest(await reach(past.filter((_, place) => place !== at)), answer);
    return { key, parts: await toPartMarks(message) };
  }

  return {
    setUp: start.copy().digest("base64"),
    before: answered?.[0]?.role === "assistant" ? hash.copy().digest("base64") : undefined,
    after: async (reply, messages) => digest(await reach(messages ? [...toSteps(messages)] : steps), spellReply(reply)),
    mark: (reply, subject) => mark(steps, spellReply(reply), subject),
    async readPrevious(subject) {
      if (answered?.[0]?.role !== "assistant") return undefined;
      return mark(steps.slice(0, -2), spellStep(answered), subject);
    },
    answers: (messages = turn.messages) => finishInSlices(toAnswers(start, messages)),
  };
}
