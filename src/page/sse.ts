/** Server-sent events, the reading half. Source: https://html.spec.whatwg.org/multipage/server-sent-events.html */

/** One event; `event` is `message` where the server gave none. */
export interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

/** Reads one frame; undefined for a comment. Our servers write one data line an event. */
function readFrame(frame: string): ServerEvent | undefined {
  const lines = frame.split("\n");
  const find = (field: string): string | undefined =>
    lines.find((line) => line.startsWith(`${field}: `))?.slice(field.length + 2);
  const data = find("data");
  return data === undefined ? undefined : { event: find("event") ?? "message", data };
}

/**
 * The events of a body, in order. It ends when the body does, or has been silent for `silenceMs`, comments included;
 * without that it is waited for as long as it takes.
 */
export async function* readEvents(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  silenceMs?: number,
): AsyncGenerator<ServerEvent> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let held = "";
  let timer: ReturnType<typeof setTimeout> | undefined;
  const restart = (): void => {
    clearTimeout(timer);
    if (silenceMs !== undefined) timer = setTimeout(() => void reader.cancel(), silenceMs);
  };
  try {
    for (;;) {
      restart();
      const { value, done } = await reader.read();
      if (done) return;
      held += value;
      const frames = held.split("\n\n");
      held = frames.pop() ?? "";
      for (const frame of frames) {
        const event = readFrame(frame);
        if (event) yield event;
      }
    }
  } finally {
    clearTimeout(timer);
    void reader.cancel().catch(() => undefined);
  }
}
