/** Long work in slices: between two of them the event loop serves everybody else. */
import { actOnEach } from "./work.ts";
import type { Work } from "./work.ts";

/** Longest stretch of work without a round of the event loop, in milliseconds. */
const SLICE_MS = 10;
/** Most UTF-16 units of text worked on at once: hashed, spelled or encoded in some 3 ms. */
const SLICE_LENGTH = 256 * 1024;

const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;

/** A text in parts. Not a string, which would be taken letter by letter. */
export type Parts = Generator<string, void> | readonly string[];

/** A text in parts of at most 256 Ki UTF-16 units, none of which ends between the two halves of a character. */
export function* toSlices(text: string): Generator<string, void> {
  for (let at = 0; at < text.length;) {
    let end = Math.min(at + SLICE_LENGTH, text.length);
    if (end < text.length && isHighSurrogate(text.charCodeAt(end - 1))) end -= 1;
    yield text.slice(at, end);
    at = end;
  }
}

/** Most small parts that are joined: spelling so many takes some 3 ms. */
const MOST_JOINED = 4096;

/** The same text in fewer parts: small ones are joined until they make a slice, or are very many. */
export function* joinSmall(parts: Parts): Generator<string, void> {
  let text = "";
  let joined = 0;
  for (const part of parts) {
    text += part;
    if (text.length < SLICE_LENGTH && ++joined < MOST_JOINED) continue;
    yield text;
    text = "";
    joined = 0;
  }
  if (text !== "") yield text;
}

/** Tells, for work that began now, whether its slice of time has been used up. */
function createClock(): () => boolean {
  const startedAt = performance.now();
  return () => performance.now() - startedAt >= SLICE_MS;
}

/** Does a work, and lets the event loop go round now and then. @throws what it throws. */
export async function finishInSlices<T>(work: Work<T>): Promise<T> {
  let isUsedUp = createClock();
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
    if (!isUsedUp()) continue;
    await new Promise<void>((resolve) => setImmediate(resolve));
    isUsedUp = createClock();
  }
}

/** Acts on each part in turn, and lets the event loop go round now and then. @throws what `act` throws. */
export function inSlices<Part>(parts: Iterable<Part>, act: (part: Part) => void): Promise<void> {
  return finishInSlices(actOnEach(parts, act));
}

/** Work that comes piece by piece and is done in order: at once, unless it takes long. */
export interface Line<Part> {
  add(parts: Iterable<Part>): void;
}

/** Makes a line of work. */
export function createLine<Part>(act: (part: Part) => void): Line<Part> {
  const waiting: Iterator<Part>[] = [];
  let isResting = false;

  function advance(): void {
    isResting = false;
    const isUsedUp = createClock();
    for (let first = waiting[0]; first; first = waiting[0]) {
      const next = first.next();
      if (next.done === true) waiting.shift();
      else act(next.value);
      if (!isUsedUp()) continue;
      isResting = true;
      setImmediate(advance);
      return;
    }
  }

  return {
    add(parts) {
      waiting.push(parts[Symbol.iterator]());
      if (!isResting) advance();
    },
  };
}
