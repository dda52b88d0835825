/** Named conversations as a resource: `DELETE /v1/sessions/NAME`. */
import { ProxyError } from "../core/error.ts";
import type { NamedSessions } from "../session/named.ts";
import { sendJson } from "./exchange.ts";
import type { Exchange } from "./exchange.ts";

const NAME = /^[\x21-\x7e]{1,200}$/;

/**
 * Reads a conversation's name. `from` says where it stood. @throws ProxyError `invalid_request` for one that no header
 * may hold.
 */
export function toSessionName(text: string, from: string): string {
  if (NAME.test(text)) return text;
  throw new ProxyError("invalid_request", `Cannot read ${from}: expected 1 to 200 visible ASCII characters`, {
    param: from,
  });
}

/**
 * Removes a conversation, and answers once nothing of it is left. @throws ProxyError `not_found` when there is none.
 */
export async function deleteSession(named: NamedSessions, exchange: Exchange, text: string): Promise<void> {
  const name = toSessionName(text, "name");
  if (!(await named.remove(name, exchange.signal))) {
    throw new ProxyError("not_found", `Cannot find session: there is none named ${name}`, { param: "name" });
  }
  sendJson(exchange, 200, { id: name, object: "session.deleted", deleted: true });
}
