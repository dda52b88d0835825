/** One conversation in one CLI process: set up by its first turn, then any number of turns, each a stream of events. */
import type { CatalogueEntry } from "../core/model.ts";
import type { EventStream, TurnEvent } from "../core/event.ts";
import { NO_USAGE } from "../core/event.ts";
import type { ToolResult, Turn } from "../core/turn.ts";
import { isObject } from "../lib/json.ts";
import type { JsonObject } from "../lib/json.ts";
import type { Launch } from "./request/launch.ts";
import { openChannel } from "./protocol/channel.ts";
import type { Channel } from "./protocol/channel.ts";
import { toSetUp, toUserLine } from "./request/setup.ts";
import type { DeferredCall } from "./answer/draft.ts";
import { createOutput } from "./answer/answer.ts";
import type { Output } from "./answer/answer.ts";
import { DEFAULT_SETTINGS, toSettings } from "./request/setting.ts";
import { toStructure } from "./request/structured.ts";
import { areGiveable, createToolDesk } from "./protocol/toolserver.ts";
import type { Command } from "./process/process.ts";

/** What one turn asks of a conversation. */
export interface Step {
  readonly turn: Turn;
  /** The CLI's name of the model. */
  readonly model: string;
  /** Called once the CLI has answered its set-up, and so has read what it was started with. */
  readonly onReady: () => void;
}

export interface Conversation {
  readonly pid: number | undefined;
  readonly isAlive: boolean;
  /** Settles when the process is gone; never rejects. */
  readonly gone: Promise<void>;
  /** True when the process can take the conversation on exactly as the client knows it. */
  readonly isReusable: boolean;
  /** What it was started as. */
  readonly launch: Launch;
  /** The CLI's id of the last answer, for resuming right after it. */
  readonly lastUuid: string;
  /** Whether this last user message can be handed to the process as it stands. */
  isReadyFor(turn: Turn): boolean;
  /**
   * Plays the last message of the turn; the process knows those before. One turn at a time.
   * @throws ProxyError when the turn fails; the signal's reason when it aborts. Either way the process is of no more use.
   */
  play(step: Step, signal: AbortSignal): EventStream;
  /** Asks for the account's models, which `onCatalogue` is then told; spends no quota. Never rejects. */
  askModels(): Promise<void>;
  /** Ends the process, at once when a turn is under way. */
  close(): Promise<void>;
}

export interface ConversationOptions {
  readonly command: Command;
  /** What the process is started as. One with a model must not be told it again: that would leave words in the prompt. */
  readonly launch: Launch;
  /** Longest silence of the CLI in a turn, in milliseconds. */
  readonly activityMs: number;
  /** Told the account's models, which the CLI names whenever a conversation opens. */
  readonly onCatalogue: (entries: CatalogueEntry[]) => void;
  /** Told of each tool the CLI has denied its model. */
  readonly onDenial: (tool: string) => void;
  readonly trace?: (line: string) => void;
}

function toCatalogue(response: JsonObject): CatalogueEntry[] {
  const models: unknown = response["models"];
  if (!Array.isArray(models)) return [];
  return models.flatMap((model: unknown) => {
    if (!isObject(model)) return [];
    const { value, resolvedModel, displayName } = model;
    if (typeof value !== "string") return [];
    const id = typeof resolvedModel === "string" ? resolvedModel : value;
    return [{ value, id, name: typeof displayName === "string" ? displayName : id }];
  });
}

/** The results in the last message, in the order of their calls: the CLI passes them on as they are given. */
function toResults({ messages }: Turn): ToolResult[] {
  const [calling, last] = [messages.at(-2), messages.at(-1)];
  const results = last?.role === "user" ? last.content.filter((part) => part.type === "result") : [];
  const calls = calling?.role === "assistant" ? calling.content : [];
  const order = new Map(calls.map((part, at) => [part.type === "call" ? part.id : "", at]));
  const toPlace = ({ id }: ToolResult): number => order.get(id) ?? -1;
  return results.sort((a, b) => toPlace(a) - toPlace(b));
}

/** The next of the calls that were kept back, as a whole answer: the model has made it already, so it costs no tokens. */
function toDeferredAnswer(call: DeferredCall, model: string): TurnEvent[] {
  return [
    { type: "start", model },
    { type: "call", index: 0, id: call.id, name: call.name },
    { type: "arguments", index: 0, json: call.json || "{}" },
    { type: "done", finish: "tool_calls", usage: NO_USAGE },
  ];
}

function openOutput(turn: Turn, { tools: ownTools }: Launch): Output {
  const { stop, tools, parallelCalls } = turn;
  const startedAt = performance.now();
  const elapsedMs = (): number => performance.now() - startedAt;
  return createOutput({
    stop,
    structure: toStructure(turn),
    tools: new Set(tools.map(({ name }) => name)),
    parallelCalls,
    hasOwnTools: ownTools !== "none",
    elapsedMs,
  });
}

/** Starts a process for one conversation; it waits, warm, until the first turn tells it which. */
export function startConversation(options: ConversationOptions): Conversation {
  const desk = createToolDesk();
  const channel: Channel = openChannel({ ...options, answer: desk.answer });
  let settings = DEFAULT_SETTINGS;
  let isOpened = false;
  let isBusy = false;
  let lastUuid = "";
  let output: Output | undefined;
  let deferred: DeferredCall[] = [];

  const tellModels = (response: JsonObject): void => options.onCatalogue(toCatalogue(response));

  /** All of it is written at once: the CLI takes the lines in order, so nothing waits for an answer. */
  async function setUp({ turn, model: asked, onReady }: Step): Promise<void> {
    const known = { isOpened, hasModel: options.launch.model !== undefined, settings };
    if (!isOpened) desk.offer(turn.tools);
    isOpened = true;
    settings = toSettings(turn);
    const [opened] = await Promise.all(toSetUp(turn, asked, toStructure(turn), known).map(channel.request));
    onReady();
    if (opened) tellModels(opened);
  }

  function handIn(turn: Turn): void {
    const last = turn.messages.at(-1);
    if (output?.state === "held") desk.give(toResults(turn));
    else if (last) channel.send(toUserLine(last));
  }

  async function* read(current: Output, step: Step, signal: AbortSignal): EventStream {
    const failed = new AbortController();
    setUp(step).catch((error: unknown) => failed.abort(error));
    handIn(step.turn);
    output = current;
    const either = AbortSignal.any([signal, failed.signal]);
    while (current.state === "open") {
      const messages = await channel.read(either, options.activityMs);
      for (const message of messages)
        if (message.type === "assistant") lastUuid = message.uuid;
        else if (message.type === "denied") options.onDenial(message.tool);
      const events = current.read(messages);
      if (current.state !== "open") {
        deferred = [...current.answer.deferred];
        isBusy = false;
      }
      if (events.length > 0) yield events;
    }
  }

  return {
    pid: channel.pid,
    get isAlive() {
      return channel.isAlive;
    },
    gone: channel.gone,
    get isReusable() {
      return (
        channel.isAlive &&
        !isBusy &&
        output?.isFaithful === true &&
        (output.state === "finished" || output.state === "held")
      );
    },
    launch: options.launch,
    get lastUuid() {
      return lastUuid;
    },
    isReadyFor(turn) {
      const results = toResults(turn);
      if (output?.state !== "held") return results.length === 0;
      return results.length === turn.messages.at(-1)?.content.length && areGiveable(results);
    },
    async *play(step, signal) {
      signal.throwIfAborted();
      isBusy = true;
      const call = deferred.shift();
      if (call) {
        desk.give(toResults(step.turn));
        isBusy = false;
        yield toDeferredAnswer(call, output?.answer.model ?? step.model);
      } else {
        yield* read(openOutput(step.turn, options.launch), step, signal);
      }
    },
    // A process that ends before it answers is noticed elsewhere.
    askModels: () => channel.request({ subtype: "list_models" }).then(tellModels, () => undefined),
    // Only a process between turns ends when its stdin does.
    close: () => channel.close(isBusy || (output !== undefined && output.state !== "finished")),
  };
}
