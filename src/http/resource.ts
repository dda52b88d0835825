/** The resources that protocols offer beside turns: found by path, and answered with JSON at once. */
import type { Codec, Resource, ResourceRequest } from "../codec/codec.ts";
import { ProxyError } from "../core/error.ts";
import type { ReadJson } from "./body.ts";
import { sendJson } from "./exchange.ts";
import type { Exchange } from "./exchange.ts";

/** The same for every resource of a server. */
type Known = Pick<ResourceRequest, "store" | "models"> & { readonly readJson: ReadJson };

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

function toFound(
  codec: Codec,
  { methods, ignoresBody }: Resource,
  encoded: readonly string[],
  known: Known,
): FoundResource {
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
      sendJson(exchange, 200, await handler({ store: known.store, models: known.models, body, segments, query }));
    },
  };
}

/** Makes the function that finds the resource at a path, if any codec has one there. */
export function createResourceFinder(
  codecs: readonly Codec[],
  known: Known,
): (path: string) => FoundResource | undefined {
  const offered = codecs.flatMap((codec) => (codec.resources ?? []).map((resource) => ({ codec, resource })));
  return (path) => {
    for (const { codec, resource } of offered) {
      const segments = matchPath(resource.path, path);
      if (segments) return toFound(codec, resource, segments, known);
    }
    return undefined;
  };
}
