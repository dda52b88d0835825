/** Stop sequences: ends a text before the first of them, wherever the deltas were cut. Pure. */

/** Text up to a stop sequence. */
export interface StopCut {
  /** Text that is safe to show now. */
  readonly text: string;
  /** The sequence that was met; nothing may follow it. */
  readonly met?: string;
}

/** Cuts one text. */
export interface StopCutter {
  /** Takes the next delta. Holds back only what may be the beginning of a stop sequence. */
  push(delta: string): StopCut;
  /** Gives what was held back, once the text has ended by itself. */
  end(): string;
}

/** Length of the longest end of `text` that some sequence begins with, short of the whole sequence. */
function heldLength(text: string, sequences: readonly string[]): number {
  let most = 0;
  for (const sequence of sequences) {
    let length = Math.min(sequence.length - 1, text.length);
    while (length > most && !sequence.startsWith(text.slice(-length))) length--;
    most = Math.max(most, length);
  }
  return most;
}

/** The sequence that is complete first, as if the text came letter by letter; of two that end there, the longer. */
function findFirst(text: string, sequences: readonly string[]): { at: number; met: string } | undefined {
  let found: { at: number; end: number; met: string } | undefined;
  for (const met of sequences) {
    const at = text.indexOf(met);
    const end = at + met.length;
    if (at !== -1 && (!found || end < found.end || (end === found.end && at < found.at))) found = { at, end, met };
  }
  return found;
}

/** Makes a cutter for one answer. No sequence may be empty. */
export function createStopCutter(sequences: readonly string[]): StopCutter {
  let held = "";
  return {
    push(delta) {
      const text = held + delta;
      const found = findFirst(text, sequences);
      if (found) {
        held = "";
        return { text: text.slice(0, found.at), met: found.met };
      }
      const keep = heldLength(text, sequences);
      held = keep === 0 ? "" : text.slice(-keep);
      return { text: keep === 0 ? text : text.slice(0, -keep) };
    },
    end() {
      const rest = held;
      held = "";
      return rest;
    },
  };
}
