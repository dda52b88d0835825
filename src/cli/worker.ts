/** One CLI process and its phase: the only code that moves a process from one phase to another. */
import { ProxyError } from "../core/error.ts";
import type { TurnEvent } from "../core/event.ts";
import type { CatalogueEntry, KnownModels } from "../core/model.ts";
import { toRequestedNames } from "../core/mcp.ts";
import type { McpServer, McpServerState } from "../core/mcp.ts";
import type { PlanReport } from "../core/plan.ts";
import type { ToolResult, Turn } from "../core/turn.ts";
import type { JsonObject } from "../lib/json.ts";
import { createQueue } from "../lib/queue.ts";
import { createAnswer } from "./answer/answer.ts";
import type { Answer, AnswerOptions, ServerCall } from "./answer/answer.ts";
import { createRecorder } from "./answer/record.ts";
import type { AnswerRecord, Recorder } from "./answer/record.ts";
import { toEnding, toNext } from "./phase.ts";
import type { Answering, Fresh, Loaded, Phase, Ready, Waiting } from "./phase.ts";
import type { Command } from "./process/process.ts";
import { toCatalogue } from "./protocol/catalogue.ts";
import { CliEndedError, openChannel } from "./protocol/channel.ts";
import type { Channel } from "./protocol/channel.ts";
import type { TurnMessage } from "./protocol/message.ts";
import { isMcpTool, toServerTool } from "./protocol/name.ts";
import type { ToolResultMessage } from "./protocol/result.ts";
import { createToolServer } from "./protocol/toolserver.ts";
import type { ToolServer } from "./protocol/toolserver.ts";
import { toUserLine } from "./request/content.ts";
import type { Launch } from "./request/launch.ts";
import { toStops } from "./request/native.ts";
import { toSettings } from "./request/setting.ts";
import type { Settings } from "./request/setting.ts";
import { toSetUp } from "./request/setup.ts";
import { toStructured } from "./request/structured.ts";
import { createServers } from "./servers.ts";
import type { Servers } from "./servers.ts";

/** One turn, as a conversation is asked for it. */
export interface Step {
  readonly turn: Turn;
  /** The CLI's name of the model. */
  readonly model: string;
  /** The MCP servers whose tools the model may call; none without it. Only those of a process's first turn count. */
  readonly servers?: readonly McpServer[];
  /** Called once the CLI has answered its set-up, and so has read what it was started with. */
  readonly onReady: () => void;
}

/** Settings of one process. */
export interface WorkerOptions {
  readonly command: Command;
  /**
   * The settings the process is started with. One with a model must not be told it again: that would leave words in the
   * prompt.
   */
  readonly launch: Launch;
  /** Told the account's models, which the CLI names whenever a conversation opens. */
  readonly onCatalogue: (entries: CatalogueEntry[]) => void;
  /** Told the limits of the models that have answered, at the end of each turn that is read to the CLI's own. */
  readonly onLimits: (limits: KnownModels["limits"]) => void;
  /** Told of each tool the CLI has denied its model. */
  readonly onDenial: (tool: string) => void;
  /** Told of each tool of an MCP server that the model calls, the client's own apart. */
  readonly onMcpCall: (tool: string) => void;
  /** Told the states of MCP servers, once after they were loaded. */
  readonly onMcpStates: (states: readonly McpServerState[]) => void;
  /** Told of the plan's limits, as often as the CLI reports them. */
  readonly onPlan: (report: PlanReport) => void;
  readonly trace?: (line: string) => void;
}

/** One process, as its conversation sees it. */
export interface Worker {
  readonly channel: Channel;
  readonly phase: Phase;
  /** The model's messages. */
  readonly recorder: Pick<Recorder, "records" | "lastUuid">;
  /** Sets a fresh process up for the conversation of a turn, whose history it has been started with. */
  prepare(step: Step): void;
  /** Writes all that a turn needs, and gives the phase in which its events come. */
  begin(step: Step, from: Fresh | Loaded | Ready | Waiting): Answering;
  /** Makes a process of no more use, whatever it was doing; the reader of its answer is told `error`. */
  spend(cause: string, error: unknown): void;
  /** Tells `onCatalogue` of the models in an answer of the CLI. */
  readonly tellModels: (response: JsonObject) => void;
}

/** Queued output, in UTF-16 units, above which the CLI's pipe is left full: a slow reader slows its own CLI. */
const HIGH_WATER = 256 * 1024;

/** The tool results in the last message, in the order of their calls: the CLI passes them on as they are given. */
export function toResults({ messages }: Turn): ToolResult[] {
  const [calling, last] = [messages.at(-2), messages.at(-1)];
  const results = last?.role === "user" ? last.content.filter((part) => part.type === "result") : [];
  const order =
    calling?.role === "assistant" ? calling.content.map((part) => (part.type === "call" ? part.id : "")) : [];
  return results.sort((a, b) => order.indexOf(a.id) - order.indexOf(b.id));
}

/** The calls to these servers in the model's last message. */
function toServerCalls(record: AnswerRecord | undefined, states: readonly McpServerState[]): ServerCall[] {
  return (record?.content ?? []).flatMap(({ type, id, name, input }) => {
    const tool = type === "tool_use" && typeof name === "string" ? toServerTool(name, states) : undefined;
    return tool && states.some((state) => state.name === tool.server) && typeof id === "string"
      ? [{ ...tool, id, input }]
      : [];
  });
}

/** The facts of an answer that its step does not say. */
type Surroundings = Pick<AnswerOptions, "readServers" | "openCalls" | "elapsedMs">;

/** The time since the CLI has answered a turn's set-up: the start of a slow MCP server is no failure of the API. */
function createClock() {
  let startedAt: number | undefined;
  return {
    /** The step, whose set-up starts the clock. */
    watch: (step: Step): Step => ({
      ...step,
      onReady() {
        startedAt = performance.now();
        step.onReady();
      },
    }),
    /** 0 until it was started. */
    elapsedMs: (): number => (startedAt === undefined ? 0 : performance.now() - startedAt),
  };
}

function openAnswer({ turn, servers = [] }: Step, { tools: ownTools }: Launch, surroundings: Surroundings): Answer {
  return createAnswer({
    stop: toStops(turn).own,
    structured: toStructured(turn),
    tools: new Set(turn.tools.map(({ name }) => name)),
    hasOwnTools: ownTools !== "none" || servers.length > 0,
    servers: toRequestedNames(servers),
    ...surroundings,
  });
}

/** Opens the answers of one process. A call to an MCP server that one ends on is told in the next. */
function createAnswers(launch: Launch, recorder: Recorder, servers: Servers) {
  let late: ToolResultMessage[] = [];
  return {
    /** Keeps a result that came while the client's own calls were held (P98). */
    keep: (message: ToolResultMessage) => void late.push(message),
    open(step: Step, from: Phase, elapsedMs: () => number): Answer {
      const openCalls = from.type === "waiting" ? toServerCalls(recorder.records.at(-1), servers.requested) : [];
      const answer = openAnswer(step, launch, { readServers: () => servers.requested, openCalls, elapsedMs });
      answer.read(late);
      late = [];
      return answer;
    },
  };
}

function openTurn({ turn }: Step, answer: Answer, { pause, resume }: Channel): Answering {
  const events = createQueue<readonly TurnEvent[]>({ highWater: HIGH_WATER, onFull: pause, onDrained: resume });
  return { type: "answering", settings: toSettings(turn), answer, events };
}

/** True for the beginning of an API call. */
function isBeginning(message: TurnMessage): boolean {
  return message.type === "api" && message.event.type === "message_start";
}

function toCause(error: unknown): string {
  return error instanceof ProxyError ? String(error.cause ?? error.message) : "failed";
}

/** Tells the listeners of a message's facts that are no part of the answer. */
function tell(message: TurnMessage, options: WorkerOptions): void {
  if (message.type === "assistant") for (const { name } of message.uses) if (isMcpTool(name)) options.onMcpCall(name);
  if (message.type === "denied") options.onDenial(message.tool);
  if (message.type === "result" && message.limits) options.onLimits(message.limits);
  if (message.type === "rate_limit" && message.report) options.onPlan(message.report);
}

/** Parts of a process that are told of a turn ahead of its message. */
interface SetUpParts {
  readonly channel: Channel;
  readonly toolServer: ToolServer;
  readonly servers: Servers;
  readonly launch: Launch;
  readonly tellModels: (response: JsonObject) => void;
  readonly fail: (error: unknown) => void;
}

/**
 * Writes all that goes before a turn's message, and then has `write` write that. `known` are the settings of the
 * process; undefined for a fresh one.
 */
function sendSetUp(step: Step, known: Settings | undefined, parts: SetUpParts, write = (): void => undefined): void {
  const { turn, model, servers = [], onReady } = step;
  const { channel, launch } = parts;
  if (!known) {
    parts.toolServer.offer(turn.tools);
    parts.servers.load(servers);
  }
  const onSetUp = ([opened]: readonly JsonObject[]): void => {
    onReady();
    if (!known && opened) parts.tellModels(opened);
  };
  parts.servers.afterwards(() => {
    const requests = toSetUp(turn, launch.model === undefined ? model : undefined, known);
    Promise.all(requests.map(channel.request)).then(onSetUp, parts.fail);
    write();
  });
}

/** Hands in the last message of a turn: results of held calls, or what starts an answer. */
function sendLast(turn: Turn, from: Phase, { toolServer, channel }: SetUpParts): void {
  const last = turn.messages.at(-1);
  if (from.type === "waiting") toolServer.give(toResults(turn));
  else if (last) channel.send(toUserLine(last));
}

/** Starts a process. @throws ProxyError `unavailable` when none can be started. */
export function startWorker(options: WorkerOptions): Worker {
  const { launch } = options;
  const toolServer = createToolServer();
  const channel = openChannel({ ...options, answer: toolServer.answer, onMessage: receive, onLost: fail });
  let phase: Phase = { type: "fresh" };
  const recorder = createRecorder();
  const servers = createServers(channel, { onStates: options.onMcpStates, onFailure: fail });
  const tellModels = (response: JsonObject): void => options.onCatalogue(toCatalogue(response));
  const parts = { channel, toolServer, servers, launch, tellModels, fail };
  const answers = createAnswers(launch, recorder, servers);

  function spend(cause: string, error: unknown): void {
    const last = phase;
    if (last.type !== "spent") phase = { type: "spent", cause, ending: "term" };
    if (last.type === "answering") last.events.fail(error);
  }

  function fail(error: unknown): void {
    spend(toCause(error), error);
    void channel.close("term");
  }

  function advance(turn: Answering, message: TurnMessage, size: number): void {
    try {
      const events = turn.answer.read([message]);
      phase = toNext(turn);
      if (events.length > 0) turn.events.push(events, size);
      // At once, and not when the client has taken the answer: the next API call is milliseconds away.
      if (turn.answer.state === "cut") void channel.close(toEnding(phase));
    } catch (error) {
      fail(error);
    }
  }

  function receive(message: TurnMessage, size: number): void {
    if (message.type === "assistant") recorder.add(message);
    tell(message, options);
    if (phase.type === "answering") return advance(phase, message, size);
    if (phase.type === "waiting" && message.type === "tool_result") answers.keep(message);
    // Nobody reads its answer, and the next turn would take it for its own.
    if (isBeginning(message) && phase.type !== "spent") fail(new CliEndedError("began a turn that was not asked for"));
  }

  if (launch.servers) servers.load(launch.servers);

  return {
    channel,
    get phase() {
      return phase;
    },
    recorder,
    prepare(step) {
      sendSetUp(step, undefined, parts);
      phase = { type: "loaded", settings: toSettings(step.turn) };
    },
    // Written at once: the CLI takes the lines in order, so nothing waits for an answer (P1), narrowed servers apart.
    begin(step, from) {
      const clock = createClock();
      const answering = openTurn(step, answers.open(step, from, clock.elapsedMs), channel);
      phase = answering;
      recorder.begin(step.turn.effort);
      const known = from.type === "fresh" ? undefined : from.settings;
      sendSetUp(clock.watch(step), known, parts, () => sendLast(step.turn, from, parts));
      return answering;
    },
    spend,
    tellModels,
  };
}
