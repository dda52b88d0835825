/** A turn as the meter is told of it. The handler of turns is the meter's one caller. */
import type { Codec } from "../codec/codec.ts";
import { ProxyError, toProxyError } from "../core/error.ts";
import type { EventStream } from "../core/event.ts";
import type { Meter } from "../meter/meter.ts";
import type { RunningTurn } from "../session/run.ts";
import type { Guard } from "./auth.ts";
import type { Exchange } from "./exchange.ts";
import { toPlanHeaders } from "./plan.ts";

/** Parts that count turns. */
export interface MeteringOptions {
  readonly meter: Meter;
  /** Names the client of a request, for people. */
  readonly nameClient: Guard["nameClient"];
}

/** One turn's way past the meter. */
export interface MeteredTurn {
  /** Counts a turn's events as they pass by, before the client can see them. */
  watch(model: string, running: RunningTurn, events: EventStream): EventStream;
}

/** Runs one handler of a turn, and counts its outcome. @throws what the handler throws. */
export type MeterTurn = (
  codec: Codec,
  exchange: Exchange,
  handle: (turn: MeteredTurn) => Promise<void>,
) => Promise<void>;

/** The protocol's short name, such as `chat`: the word of its path that tells it from the others. */
function toProtocol({ path }: Codec): string {
  return path.startsWith("/api/") ? "ollama" : (path.split("/")[2] ?? path);
}

/** Makes the one function through which every turn is counted. */
export function createMetering({ meter, nameClient }: MeteringOptions): MeterTurn {
  /**
   * The plan's last known state: set at once, so that refusals carry it, and again with what the turn itself has
   * brought.
   */
  function setPlan({ response }: Exchange): void {
    if (response.headersSent) return;
    for (const [name, value] of Object.entries(toPlanHeaders(meter.readPlan())))
      if (value !== undefined) response.setHeader(name, value);
  }

  return async (codec, exchange, handle) => {
    const client = nameClient(exchange.request);
    const record = meter.begin({ requestId: exchange.id, protocol: toProtocol(codec), client });
    setPlan(exchange);
    async function* watch(model: string, running: RunningTurn, events: EventStream): EventStream {
      const stop = (): void => exchange.stop(new ProxyError("stopped", "Stopped by the user of this server"));
      record.run({ model, readStart: () => running.start, stop });
      for await (const batch of events) {
        record.add(batch);
        yield batch;
      }
      setPlan(exchange);
    }
    try {
      await handle({ watch });
      record.end();
    } catch (error) {
      record.end(toProxyError(error).kind);
      throw error;
    }
  };
}
