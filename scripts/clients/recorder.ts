/**
 * A forwarder on loopback between a client and the server. It keeps each request, and gives it an id by which the
 * server's log tells how its turn began.
 */
import { createServer, request as sendRequest } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { isObject } from "../../src/lib/json.ts";
import type { JsonObject } from "../../src/lib/json.ts";
import type { Scope } from "../../test/helpers/scope.ts";

/** A request of the client's, with a JSON body. */
export interface RecordedRequest {
  /** Its `x-request-id`. */
  readonly id: string;
  readonly path: string;
  readonly body: JsonObject;
}

export interface Recorder {
  /** The address that the client is given. */
  readonly url: string;
  /** Oldest first. */
  readonly requests: readonly RecordedRequest[];
}

function readBody(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
}

/** Starts one in front of the server at `target`; it ends with the scope. */
export async function startRecorder(t: Scope, target: string): Promise<Recorder> {
  const requests: RecordedRequest[] = [];
  let count = 0;

  async function forward(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const id = `recorded-${++count}`;
    const bytes = await buffer(incoming);
    const body = readBody(bytes);
    if (isObject(body)) requests.push({ id, path: incoming.url ?? "/", body });
    const headers = { ...incoming.headers, "x-request-id": id };
    const outgoing = sendRequest(new URL(incoming.url ?? "/", target), { method: incoming.method, headers });
    response.once("close", () => outgoing.destroy());
    outgoing.once("error", () => response.destroy());
    outgoing.once("response", (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(response);
    });
    outgoing.end(bytes);
  }

  const server = createServer((incoming, response) => {
    forward(incoming, response).catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}
