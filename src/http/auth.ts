/**
 * Access: checks of Host (against DNS rebinding), Origin and key, before anything else. Any web page can reach a
 * loopback port.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from "node:http";
import { isIP } from "node:net";
import { ProxyError } from "../core/error.ts";
import { toApiKey } from "../core/key.ts";
import { toSocketPath } from "../lib/address.ts";
import { toClientName } from "../meter/client.ts";
import { PLAN_HEADERS } from "./plan.ts";

/** Whom a server lets in. */
export interface GuardOptions {
  /** The host that is bound: a name or an address. */
  readonly host: string;
  readonly allowedHosts: readonly string[];
  /** Browser origins, such as `http://localhost:5173`. */
  readonly allowedOrigins: readonly string[];
  /** The keys that fit, `KEY` or `NAME:KEY`; with none, no key is asked for. */
  readonly keys: readonly string[];
}

/** The checks of one server, in the order in which they are made. */
export interface Guard {
  /**
   * Checks that a request says once, and in one way, which host it is for.
   * @throws ProxyError `invalid_request` for several Host headers; `forbidden` for an absolute target of a strange
   * host.
   */
  checkTarget(request: Pick<IncomingMessage, "url" | "headersDistinct">): void;
  /**
   * @throws ProxyError `forbidden` for a strange Host or Origin, or for what another site's page fetches without one.
   */
  checkOrigin(headers: IncomingHttpHeaders): void;
  /** @throws ProxyError `bad_key`. */
  checkKey(headers: IncomingHttpHeaders): void;
  /**
   * Names the client of a request that may be served: its key, where keys are asked for, else its address and user
   * agent.
   */
  identify(request: Pick<IncomingMessage, "headers" | "socket">): string;
  /** The name that the client of such a request goes by: that of its key, if it has one, else that of its program. */
  nameClient(request: Pick<IncomingMessage, "headers">): string;
  /** The headers that let a page of an allowed origin read the answer; none for other requests. */
  toCorsHeaders(headers: IncomingHttpHeaders): OutgoingHttpHeaders;
}

/**
 * True for names and addresses that only mean this machine. `127.0.0.256` is a name: only its owner knows what it
 * means.
 */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

/** The host of a target in the absolute form; it counts, and not the Host header. Source: RFC 9112, section 3.2.2 */
const ABSOLUTE = /^https?:\/\/([^/?]*)/i;

/** The name in a Host header: lower case, without port and brackets. */
function toHostName(header: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(header);
  return (bracketed?.[1] ?? header.replace(/:\d+$/, "")).toLowerCase();
}

/**
 * Reads a name or an address that is to be allowed: an address of IPv6 without the brackets that it may stand in.
 * Undefined for a text that no Host header without its port is, such as one with a port.
 */
export function toAllowedHost(text: string): string | undefined {
  const address = text.replace(/^\[(.*)\]$/, "$1");
  if (isIP(address) === 6) return address;
  return /[:/[\]]/.test(text) ? undefined : text;
}

// Digests have one length, so the comparison takes one time whatever was sent.
const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

/** The texts that may be the key. Anthropic's SDKs send both when the environment has a token for another server. */
function toSentKeys({ authorization, "x-api-key": apiKey }: IncomingHttpHeaders): readonly string[] {
  const bearer = /^Bearer +(.+)$/i.exec(authorization ?? "")?.[1];
  return [bearer ?? "", typeof apiKey === "string" ? apiKey : ""];
}

/**
 * True for what a page of another site or port makes a browser fetch without an Origin header: images, scripts, frames.
 * A link that a person follows is let in: the page it stands on cannot read the answer.
 * Source: https://www.w3.org/TR/fetch-metadata/
 */
function isOfAnotherSite(headers: IncomingHttpHeaders): boolean {
  const { "sec-fetch-site": site, "sec-fetch-mode": mode, "sec-fetch-dest": destination } = headers;
  if (site !== "cross-site" && site !== "same-site") return false;
  return mode !== "navigate" || destination !== "document";
}

/** Makes the check of a Host header or of an absolute target's host. @throws ProxyError `forbidden`, from the check. */
function createHostCheck({ host, allowedHosts }: GuardOptions): (header: string) => void {
  // No web page can reach a Unix socket, and clients send any name in Host there.
  if (toSocketPath(host) !== undefined) return () => undefined;
  const hosts = new Set([host, ...allowedHosts].map((name) => name.toLowerCase()));
  const isEveryAddress = host === "0.0.0.0" || host === "::";
  return (header) => {
    const name = toHostName(header);
    // DNS rebinding needs a name; an IP literal in Host is safe. So where every address is bound, each may be used.
    if (isLoopback(name) || hosts.has(name) || (isEveryAddress && isIP(name) !== 0)) return;
    throw new ProxyError(
      "forbidden",
      `Cannot serve host: ${name.slice(0, 100) || "none"} is not this machine; --allow-host allows it`,
    );
  };
}

/**
 * True for our own page: its Origin is the address that it was opened under, which Host names and was checked before.
 */
function isOwn({ origin = "", host }: IncomingHttpHeaders): boolean {
  return host !== undefined && /^https?:\/\/(.*)$/.exec(origin)?.[1] === host.toLowerCase();
}

/** Begin of the sentence for a key that is wrong or missing; our own commands know the server by it. */
export const KEY_REFUSAL = "Cannot accept key: ";

/** Headers that a page may read, beside those of the plan. */
const EXPOSED = ["x-request-id", "request-id", "x-ignored-parameters", "retry-after"];

/** Makes the guard of one server. */
export function createGuard(options: GuardOptions): Guard {
  const { allowedOrigins } = options;
  const checkHost = createHostCheck(options);
  const keys = options.keys.map(toApiKey).map(({ name, key }) => ({ name, digest: digest(key) }));

  /** The keys that the request carries, a Bearer token's first. No early exit: both are compared with every key. */
  function findKeys(headers: IncomingHttpHeaders): { name: string | undefined; digest: Buffer }[] {
    const sent = toSentKeys(headers).map(digest);
    return sent.flatMap((one) => keys.filter((key) => timingSafeEqual(key.digest, one)));
  }

  return {
    checkTarget({ url = "/", headersDistinct }) {
      if ((headersDistinct["host"]?.length ?? 0) > 1)
        throw new ProxyError("invalid_request", "Cannot read Host: sent more than once");
      const host = ABSOLUTE.exec(url)?.[1];
      if (host !== undefined) checkHost(host);
    },
    checkOrigin(headers) {
      checkHost(headers.host ?? "");
      const { origin } = headers;
      if (origin !== undefined && !allowedOrigins.includes(origin) && !isOwn(headers)) {
        throw new ProxyError(
          "forbidden",
          `Cannot serve origin: ${origin.slice(0, 100)} is not allowed; --allow-origin allows it`,
        );
      }
      if (origin === undefined && isOfAnotherSite(headers)) {
        throw new ProxyError("forbidden", "Cannot serve a page of another site: --allow-origin lets its origin in");
      }
    },
    checkKey(headers) {
      if (keys.length > 0 && findKeys(headers).length === 0)
        throw new ProxyError("bad_key", `${KEY_REFUSAL}send the server's --api-key as a Bearer token or x-api-key`);
    },
    identify({ headers, socket }) {
      const [key] = keys.length === 0 ? [] : findKeys(headers);
      return key
        ? `key ${key.digest.toString("base64")}`
        : `${socket.remoteAddress ?? "unix"} ${headers["user-agent"] ?? ""}`;
    },
    nameClient({ headers }) {
      const [key] = keys.length === 0 ? [] : findKeys(headers);
      return toClientName(headers["user-agent"], key?.name);
    },
    toCorsHeaders({ origin }) {
      if (origin === undefined || !allowedOrigins.includes(origin)) return {};
      return {
        "access-control-allow-origin": origin,
        "access-control-expose-headers": [...EXPOSED, ...PLAN_HEADERS].join(", "),
        vary: "Origin",
      };
    },
  };
}
