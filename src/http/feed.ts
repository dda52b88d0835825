/** `/usage/events`: everything once, and then what changes, at most twice a second, to every page that is open. */
import type { ServerResponse } from "node:http";
import { ProxyError } from "../core/error.ts";
import { formatFrames, SSE_COMMENT } from "../lib/sse.ts";
import type { Meter } from "../meter/meter.ts";
import { endAnswer } from "./exchange.ts";
import type { Exchange } from "./exchange.ts";
import type { Surroundings } from "./usage.ts";

/** Source and pace of the feed. */
export interface FeedOptions {
  readonly meter: Meter;
  readonly readSurroundings: () => Promise<Surroundings>;
}

/** The feed's readers. */
export interface Feed {
  /** Answers with a stream that ends when its client leaves or the server stops. */
  follow(exchange: Exchange): Promise<void>;
  /** Ends every stream, also those of pages that do not read: nothing is written to one from then on. */
  close(): void;
}

const INTERVAL_MS = 500;
/** A sign of life, and a look at what changes without a turn. Pages take 40 s of silence for a dead connection. */
const HEARTBEAT_MS = 15_000;
const MOST_STREAMS = 32;
/** A page that for so long has not taken what was written is let go: it holds a place, and comes again by itself. */
const STALL_MS = 30_000;

/** A page's stream. */
interface Stream {
  /** It has missed something, and gets everything once it can take it. */
  isBehind: boolean;
  /** Time at which it was first found not to read; undefined while it reads. */
  stalledAtMs: number | undefined;
}

const HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-store, no-transform",
  "x-accel-buffering": "no",
} as const;

const format = (event: string, data: object): string => formatFrames([{ event, data: JSON.stringify(data) }]);

/** Makes the reader of what has changed since it was last asked; undefined when nothing has. */
function createChangeReader({ meter, readSurroundings }: FeedOptions): () => Promise<object | undefined> {
  let told = "";
  return async () => {
    const surroundings = await readSurroundings();
    const text = JSON.stringify(surroundings);
    const change = meter.takeChange();
    const isNew = text !== told;
    told = text;
    if (!change && !isNew) return undefined;
    return { now: new Date().toISOString(), ...change, ...(isNew ? surroundings : {}) };
  };
}

/** Makes the feed; it costs nothing while nobody follows. */
export function createFeed({ meter, readSurroundings }: FeedOptions, stallMs = STALL_MS): Feed {
  const streams = new Map<ServerResponse, Stream>();
  let timer: NodeJS.Timeout | undefined;
  let heartbeat: NodeJS.Timeout | undefined;
  const readChange = createChangeReader({ meter, readSurroundings });
  let telling: Promise<void> = Promise.resolve();

  /** Safe to call twice: a stream that was ended closes only once its page has read all of it. */
  function leave(response: ServerResponse): void {
    streams.delete(response);
    if (streams.size > 0) return;
    meter.onChange(undefined);
    clearInterval(heartbeat);
    heartbeat = undefined;
  }

  async function tellAll(): Promise<void> {
    const change = await readChange();
    const changeText = change ? format("change", change) : SSE_COMMENT;
    const isAnyBehind = [...streams.values()].some(({ isBehind }) => isBehind);
    const allText = isAnyBehind ? format("usage", { ...meter.read(), ...(await readSurroundings()) }) : "";
    for (const [response, stream] of streams) {
      // An error has ended it.
      if (response.writableEnded) continue;
      const text = stream.isBehind ? allText : changeText;
      stream.isBehind = response.writableNeedDrain;
      stream.stalledAtMs = stream.isBehind ? (stream.stalledAtMs ?? performance.now()) : undefined;
      if (stream.stalledAtMs === undefined) response.write(text);
      else if (performance.now() - stream.stalledAtMs >= stallMs) {
        leave(response);
        response.destroy();
      }
    }
  }

  /** One after another: what is older never comes later. */
  const tell = (): Promise<void> => (telling = telling.then(tellAll));

  function tellSoon(): void {
    timer ??= setTimeout(() => {
      void tell().finally(() => {
        timer = undefined;
        if (meter.running > 0 && streams.size > 0) tellSoon();
      });
    }, INTERVAL_MS).unref();
  }

  return {
    async follow({ request, response, completeAnswer }) {
      if (streams.size >= MOST_STREAMS)
        throw new ProxyError("unavailable", `Cannot follow: ${MOST_STREAMS} pages are open already`);
      response.writeHead(200, HEADERS);
      // A page that is closed is the way in which this answer ends.
      completeAnswer();
      if (request.method === "HEAD") return endAnswer(response);
      streams.set(response, { isBehind: true, stalledAtMs: undefined });
      response.once("close", () => leave(response));
      meter.onChange(tellSoon);
      heartbeat ??= setInterval(tellSoon, HEARTBEAT_MS).unref();
      await tell();
    },
    close() {
      for (const response of streams.keys()) {
        leave(response);
        endAnswer(response);
      }
    },
  };
}
