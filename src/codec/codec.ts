/** The contract of a protocol: pure functions between its wire form and the neutral one. */
import type { ProxyError } from "../core/error.ts";
import type { AnswerEvent } from "../core/event.ts";
import type { McpServer } from "../core/mcp.ts";
import type { Models } from "../core/model.ts";
import type { Reply } from "../core/reply.ts";
import type { OptionalSetting, Turn } from "../core/turn.ts";
import type { Work } from "../lib/work.ts";

/** An answer's id and time; handed in, so that the functions stay pure. */
export interface Meta {
  /** Letters and digits, of this answer alone; each codec puts its own prefix before it. */
  readonly id: string;
  /** Unix time at which the request was read, in milliseconds. */
  readonly startedAtMs: number;
  /** Unix time now, in milliseconds. */
  readonly nowMs: () => number;
}

/** Unix time in whole seconds, as most protocols give it. */
export function toSeconds(ms: number): number {
  return Math.floor(ms / 1000);
}

/** Delivery of the answer: all that the server needs to know of a request beside the turn. */
export interface Delivery {
  /** The answer comes as it is made, not as a whole. */
  readonly stream: boolean;
  /** The answer is stored, so that later requests can go on from it. */
  readonly store: boolean;
  /** Fields of the request that were accepted and cannot be honoured, as paths such as `tools[0]`. */
  readonly ignored: readonly string[];
  /** Paths of the fields that ask for each of the turn's optional settings: ignored too where it is played without. */
  readonly asked: Readonly<Partial<Record<OptionalSetting, readonly string[]>>>;
}

/** An MCP server that a request names. */
export interface AskedServer {
  readonly server: McpServer;
  /** Of `http:` or `https:`, without a user's name or password. */
  readonly url: URL;
  /** Path of its address in the request. */
  readonly path: string;
}

/** A request as it was read. `Form` is the codec's own memory of it: what its encoders need. */
export interface Decoded<Form> {
  readonly turn: Turn;
  readonly delivery: Delivery;
  readonly form: Form;
  /** The MCP servers that it names, where they are taken; their addresses are still to be checked. */
  readonly servers?: readonly AskedServer[];
}

/** Stored answers: JSON values by id. Bounded, so that any of them may be gone. */
export interface Store {
  /**
   * A copy of what was put under the id, the same each time, which nobody may change; undefined when there is nothing,
   * or no longer. @throws ProxyError when there is no room for it.
   */
  get(id: string): unknown;
  put(id: string, value: unknown): Promise<void>;
  /** False when there was nothing. */
  delete(id: string): boolean;
}

/** Makes the text of one streamed answer. */
export interface Encoder {
  /** The text for one event; empty when the protocol has none for it, as for a second `start`. */
  encode(event: AnswerEvent): string;
  /** The text that ends the stream when it has failed. */
  fail(error: ProxyError): string;
  /** Text without meaning, sent through silence so that nobody takes the connection for dead. */
  keepAlive(): string;
}

/** The arguments of a resource's handler. */
export interface ResourceRequest {
  /** The parsed body; undefined for methods without one. */
  readonly body: unknown;
  /** Values of the path's `:` segments, in their order. */
  readonly segments: readonly string[];
  readonly query: URLSearchParams;
  readonly store: Store;
  readonly models: Models;
}

/** Makes a JSON answer, or promises one. @throws ProxyError, which the codec then words. */
export type ResourceHandler = (request: ResourceRequest) => unknown;

/** Something a protocol offers beside turns. */
export interface Resource {
  /** Absolute; a segment `:` stands for any one segment, as in `/v1/responses/:`. */
  readonly path: string;
  readonly methods: Readonly<Partial<Record<"GET" | "POST" | "DELETE", ResourceHandler>>>;
  /** True where the body does not matter: it is not read, whatever it is. */
  readonly ignoresBody?: true;
}

/** One protocol. The type parameter is the codec's own business: the server passes `form` on without a look. */
export interface Codec<Form = unknown> {
  /** The path of its turns. */
  readonly path: string;
  /** The media type of its streams. */
  readonly streamType: string;
  /** True where the protocol's own documentation has requests with JSON that do not name its type. */
  readonly isTypeOptional?: true;
  /**
   * Reads a request, with pauses: one with ten thousand messages takes longer than others can be made to wait. The MCP
   * servers that it names are used if `takesServers`, and named as ignored without.
   * @throws ProxyError `invalid_request` naming the field; `previous_not_found` when there is no such earlier answer,
   * `not_found` when there is no such part of one.
   */
  decode(body: unknown, store: Pick<Store, "get">, takesServers?: boolean): Work<Decoded<Form>>;
  /**
   * Answers, as JSON, a request that asks nothing of a model; undefined for one that does. @throws ProxyError
   * `model_not_found` for a model that no turn could be asked of.
   */
  answerAtOnce?(body: unknown, meta: Meta, models: Models): unknown;
  createEncoder(form: Form, meta: Meta): Encoder;
  /** The whole answer, as JSON. */
  encodeReply(reply: Reply, form: Form, meta: Meta): unknown;
  /** An error instead of an answer, as JSON. */
  encodeError(error: ProxyError): unknown;
  /** The stored form of an answered request, and its id; only codecs whose `delivery.store` may be true have it. */
  toStored?(decoded: Decoded<Form>, reply: Reply, meta: Meta): { readonly id: string; readonly value: unknown };
  readonly resources?: readonly Resource[];
}
