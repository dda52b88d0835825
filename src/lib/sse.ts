/** Server-sent events, the sending half. Source: https://html.spec.whatwg.org/multipage/server-sent-events.html */

/** One event. `data` must hold no newline: JSON text never does. */
export interface SseFrame {
  readonly event?: string;
  readonly data: string;
}

/** A comment line: readers skip it, so it keeps a silent connection alive. */
export const SSE_COMMENT = ":\n\n";

/** Joins frames into the text that goes on the wire, in one write. */
export function formatFrames(frames: readonly SseFrame[]): string {
  let text = "";
  for (const { event, data } of frames) {
    text += event === undefined ? `data: ${data}\n\n` : `event: ${event}\ndata: ${data}\n\n`;
  }
  return text;
}
