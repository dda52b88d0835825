/** The resources that protocols offer beside turns: found by path, and answered with JSON. */
import { setImmediate as nextRound } from "node:timers/promises";
import type { Codec, Resource, ResourceRequest } from "../codec/codec.ts";
import { ProxyError } from "../core/error.ts";
import { createGate } from "../lib/gate.ts";
import type { Gate } from "../lib/gate.ts";
import type { ReadJson } from "./body.ts";
import { sendJson } from "./exchange.ts";
import type { Exchange } from "./exchange.ts";
import type { StoredResponses } from "./stored.ts";

/** The same for every resource of a server. */
interface Known extends Pick<ResourceRequest, "models"> {
  readonly store: StoredResponses;
  readonly readJson: ReadJson;
}

/** A resource at the place where a client asks for it. */
export interface FoundResource {
  readonly codec: Codec;
  /** Those it can be asked with; GET includes HEAD. */
  readonly methods: readonly string[];
  /** Answers a request with one of the methods. */
  readonly handle: (exchange: Exchange) => Promise<void>;
}

/** Decodes a path, or a segment of one. @throws ProxyError `invalid_request` for a broken percent encoding. */
export function decodePath(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new ProxyError("invalid_request", "Cannot read path: broken percent encoding");
  }
}

/** The segments that stand for `:` in the pattern, still encoded; undefined when the path does not fit. */
function matchPath(pattern: string, path: string): string[] | undefined {
  const [wanted, given] = [pattern.split("/"), path.split("/")];
  if (wanted.length !== given.length) return undefined;
  const isFit = wanted.every((segment, at) => (segment === ":" ? given[at] !== "" : segment === given[at]));
  return isFit ? given.filter((_segment, at) => wanted[at] === ":") : undefined;
}

/** A resource where it was found. */
interface Place {
  readonly codec: Codec;
  readonly resource: Resource;
  /** The segments of the path, still encoded. */
  readonly encoded: readonly string[];
}

function toFound({ codec, resource, encoded }: Place, known: Known, gate: Gate): FoundResource {
  const { methods, ignoresBody } = resource;
  const names = Object.keys(methods);
  return {
    codec,
    methods: names.includes("GET") ? ["HEAD", ...names] : names,
    async handle(exchange) {
      const { request, query } = exchange;
      const method = request.method === "HEAD" ? "GET" : request.method;
      const handler = method === "GET" || method === "POST" || method === "DELETE" ? methods[method] : undefined;
      if (!handler) throw new ProxyError("method_not_allowed", `Cannot answer ${method ?? "no method"}`);
      const segments = encoded.map(decodePath);
      const hasBody = method === "POST" && ignoresBody !== true;
      const body = hasBody ? await known.readJson(exchange, codec.isTypeOptional) : undefined;
      const store = known.store.open(exchange.closed);
      const answer = async (): Promise<void> =>
        sendJson(exchange, 200, await handler({ store, models: known.models, body, segments, query }));
      if (hasBody) return answer();
      const leave = await gate.enter(exchange.signal);
      try {
        // Else all that came in one packet would be read from the store, and spelled, in one stretch.
        await nextRound();
        await answer();
      } finally {
        leave();
      }
    },
  };
}

/**
 * Makes the function that finds the resource at a path, if any codec has one there. Those that read no body are
 * answered one at a time: such a request costs its client nothing, and may be asked for a large response.
 */
export function createResourceFinder(
  codecs: readonly Codec[],
  known: Known,
): (path: string) => FoundResource | undefined {
  const offered = codecs.flatMap((codec) => (codec.resources ?? []).map((resource) => ({ codec, resource })));
  const gate = createGate(1);
  return (path) => {
    for (const { codec, resource } of offered) {
      const encoded = matchPath(resource.path, path);
      if (encoded) return toFound({ codec, resource, encoded }, known, gate);
    }
    return undefined;
  };
}
