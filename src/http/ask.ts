/** Asks a server for JSON, by TCP or through a Unix socket, which fetch cannot. */
import { request } from "node:http";
import type { IncomingMessage } from "node:http";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { formatAddress, toSocketPath } from "../lib/address.ts";
import type { Address } from "../lib/address.ts";
import { parseJson } from "../lib/json.ts";

/** A request, and the time an answer is waited for. */
export interface Ask {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly patienceMs: number;
}

/** The answer's JSON; undefined when it is none. @throws the system's error, also when patience ends. */
export async function askJson(address: Address, { path, headers, patienceMs }: Ask): Promise<unknown> {
  const socketPath = toSocketPath(address.host);
  const url = socketPath === undefined ? `http://${formatAddress(address)}${path}` : `http://localhost${path}`;
  const options = { headers, agent: false, ...(socketPath === undefined ? {} : { socketPath }) };
  const asking = request(url, options);
  const timer = setTimeout(() => asking.destroy(new Error("no answer in time")), patienceMs);
  try {
    asking.end();
    const [response] = (await once(asking, "response")) as [IncomingMessage];
    return parseJson(await text(response));
  } finally {
    clearTimeout(timer);
    asking.destroy();
  }
}
