/**
 * The addresses that a request may have this machine connect to: hosts that the server's owner names, by https, and
 * none of a private network unless its address is named too.
 */
import { lookup } from "node:dns/promises";
import { BlockList, isIP } from "node:net";
import type { AskedServer } from "../codec/codec.ts";
import { ProxyError } from "../core/error.ts";
import { untilAborted } from "../lib/abort.ts";
import { isLoopback } from "./auth.ts";

/** A host that requests may name. */
export interface HostRule {
  /** A name in lower case, or an address without brackets. */
  readonly host: string;
  /** The usual one of the URL's scheme without it. */
  readonly port: number | undefined;
}

/** Checks servers before anything is connected to. @throws ProxyError `invalid_request` that names the host. */
export type CheckServers = (servers: readonly AskedServer[], signal: AbortSignal) => Promise<void>;

/** Gives the addresses of a name. @throws the system's error when it has none. */
export type Resolve = (host: string) => Promise<readonly string[]>;

/** The host of a URL as rules have it. */
function toHost({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
}

/** Reads `HOST` or `HOST:PORT`; undefined for any other text. */
export function toHostRule(text: string): HostRule | undefined {
  const bracketed = isIP(text) === 6 ? `[${text}]` : text;
  if (!/^[^/?#@\\\s*]+$/.test(bracketed) || !URL.canParse(`https://${bracketed}`)) return undefined;
  const url = new URL(`https://${bracketed}`);
  const port = /:(\d+)$/.exec(bracketed.replace(/^\[.*\]/, ""))?.[1];
  return { host: toHost(url), port: port === undefined ? undefined : Number(port) };
}

/** Networks that are not the public internet. Source: https://www.iana.org/assignments/iana-ipv4-special-registry */
const PRIVATE_4 = [
  ...["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24"],
  ...["192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4"],
];
/** Source: https://www.iana.org/assignments/iana-ipv6-special-registry */
const PRIVATE_6 = [
  ...["::/96", "::ffff:0:0:0/96", "64:ff9b:1::/48", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"],
  ...["2001::/32", "2002::/16"],
];
/** Prefixes before an IPv4 address: it decides. */
const EMBEDDING = ["::ffff:0:0/96", "64:ff9b::/96"];

function toBlockList(networks: readonly string[], family: "ipv4" | "ipv6"): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = "", bits] = network.split("/");
    list.addSubnet(address, Number(bits), family);
  }
  return list;
}

const private4 = toBlockList(PRIVATE_4, "ipv4");
const private6 = toBlockList(PRIVATE_6, "ipv6");
const embedding = toBlockList(EMBEDDING, "ipv6");

/** The IPv4 address in the last 32 bits of an IPv6 address, of any spelling. */
function toEmbedded(address: string): string {
  const { hostname } = new URL(`http://[${address}]`);
  const groups = hostname.slice(1, -1).split(":").slice(-2);
  const [high = 0, low = 0] = groups.map((group) => Number.parseInt(group || "0", 16));
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}

/** True for an address of this machine, or of a network that is not the public internet. */
export function isPrivateAddress(text: string): boolean {
  const address = text.replace(/%.*$/, "");
  if (isIP(address) === 4) return private4.check(address, "ipv4");
  if (embedding.check(address, "ipv6")) return private4.check(toEmbedded(address), "ipv4");
  return private6.check(address, "ipv6");
}

const resolveAll: Resolve = async (host) => (await lookup(host, { all: true })).map(({ address }) => address);

function refuseServer({ server, path }: AskedServer, problem: string): never {
  throw new ProxyError("invalid_request", `Cannot use MCP server ${server.name}: ${problem}`, { param: path });
}

/** Makes the check; undefined without rules, where a request may name no server. */
export function createServerCheck(rules: readonly HostRule[], resolve: Resolve = resolveAll): CheckServers | undefined {
  function isNamed(host: string, { port: given, protocol }: URL): boolean {
    const usual = protocol === "https:" ? 443 : 80;
    const port = given === "" ? usual : Number(given);
    return rules.some((rule) => rule.host === host && (rule.port ?? usual) === port);
  }

  async function checkAddresses(asked: AskedServer, host: string, signal: AbortSignal): Promise<void> {
    const addresses = await untilAborted(resolve(host), signal).catch(() => {
      signal.throwIfAborted();
      return refuseServer(asked, `the address of ${host} cannot be found`);
    });
    const hidden = addresses.find((address) => isPrivateAddress(address) && !isNamed(address, asked.url));
    if (hidden === undefined) return;
    refuseServer(asked, `${host} is ${hidden}, which is no public address; --allow-request-mcp has to name that too`);
  }

  async function check(asked: AskedServer, signal: AbortSignal): Promise<void> {
    const host = toHost(asked.url);
    if (!isNamed(host, asked.url))
      refuseServer(asked, `this server allows no connection to ${asked.url.host}; --allow-request-mcp names the hosts`);
    if (asked.url.protocol === "http:" && !isLoopback(host)) refuseServer(asked, `${host} has to be asked by https`);
    // An address, or this machine, has been named as what it is.
    if (isIP(host) === 0 && !isLoopback(host)) await checkAddresses(asked, host, signal);
  }

  if (rules.length === 0) return undefined;
  return async (servers, signal) => {
    for (const asked of servers) await check(asked, signal);
  };
}
