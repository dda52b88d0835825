/** The status page over canned data: a small server that says what a test wants of `/usage/events`. */
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { buildPage } from "../../scripts/page.ts";
import type { UsageChange, Usage } from "../../src/meter/usage.ts";
import type { Scope } from "./scope.ts";

export interface PageServer {
  readonly url: string;
  /** Requests to stop a turn, by its id. */
  readonly stopped: string[];
  /** Tells every open page of a change. */
  tell(change: UsageChange): void;
  /** Cuts every open page off; the server answers nothing until `come`. */
  go(): Promise<void>;
  /** Answers again, with this from now on. */
  come(usage: Usage): Promise<void>;
}

const EVENTS = { "content-type": "text/event-stream", "cache-control": "no-store" };

let built: ReturnType<typeof buildPage> | undefined;

/** Serves the page as the program does, headers included. With a key, only those who send it are told anything. */
export async function startPageServer(t: Scope, first: Usage, key?: string): Promise<PageServer> {
  const { html, policy } = await (built ??= buildPage());
  const stopped: string[] = [];
  const open = new Set<ServerResponse>();
  let usage = first;
  const send = (response: ServerResponse, event: string, data: unknown): void =>
    void response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);

  function answer(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? "/";
    if (path === "/")
      return void response
        .writeHead(200, { "content-type": "text/html; charset=utf-8", "content-security-policy": policy })
        .end(html);
    if (path === "/plain") return void response.writeHead(200, { "content-type": "text/html" }).end("<p>word");
    if (key !== undefined && request.headers.authorization !== `Bearer ${key}`)
      return void response.writeHead(401, { "content-type": "application/json" }).end("{}");
    const [, id] = /^\/usage\/turns\/(\w+)$/.exec(path) ?? [];
    if (id !== undefined) {
      stopped.push(id);
      return void response.writeHead(200, { "content-type": "application/json" }).end("{}");
    }
    if (path !== "/usage/events") return void response.writeHead(404).end("{}");
    response.writeHead(200, EVENTS);
    send(response, "usage", usage);
    open.add(response);
    response.on("close", () => open.delete(response));
  }

  const server = createServer(answer);
  const listen = async (port: number): Promise<number> => {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  };
  const port = await listen(0);
  const close = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  };
  t.after(close);
  return {
    url: `http://127.0.0.1:${port}`,
    stopped,
    tell(change) {
      for (const response of open) send(response, "change", change);
    },
    go: close,
    async come(next) {
      usage = next;
      await listen(port);
    },
  };
}
