/**
 * A counting gate with fair lines: so many inside at once, the others wait, and no party's waiters keep another party
 * out.
 */

/** A gate with a bounded number of places and waiters. */
export interface Gate {
  /**
   * Waits for a place and gives the function that gives it back; calling that twice is safe.
   *
   * Each party has a line of its own, first come first served. A free place goes to the party with the fewest inside;
   * among equals, to the one that had none for longest. When the lines are full together, the youngest waiter of the
   * longest line gives way to a party whose own line is shorter.
   *
   * @param party Shares its places and its line; callers that name none are one party.
   * @throws GateFullError when there is no room to wait, also later for a waiter that gives way; the signal's reason
   * when it aborts.
   */
  enter(signal?: AbortSignal, party?: string): Promise<() => void>;
  /** Places taken. */
  readonly inside: number;
  /** Waiters of all parties. */
  readonly waiting: number;
}

/** There is no room to wait in front of a gate. */
export class GateFullError extends Error {}

interface Waiter {
  readonly admit: () => void;
  readonly refuse: (error: Error) => void;
}

interface Party {
  inside: number;
  readonly line: Set<Waiter>;
}

/**
 * The parties at a gate, in the order in which they are to be served: one goes to the end when it enters and leaves.
 */
type Parties = Map<string, Party>;

function toParty(parties: Parties, name: string): Party {
  const party = parties.get(name) ?? { inside: 0, line: new Set() };
  parties.set(name, party);
  return party;
}

function forgetIfGone(parties: Parties, name: string): void {
  const party = parties.get(name);
  if (party?.inside === 0 && party.line.size === 0) parties.delete(name);
}

/** The first waiter of the party whose turn it is. */
function findNext(parties: Parties): Waiter | undefined {
  let next: Party | undefined;
  for (const party of parties.values()) {
    if (party.line.size > 0 && (!next || party.inside < next.inside)) next = party;
  }
  const [waiter] = next?.line ?? [];
  return waiter;
}

/**
 * The waiter that gives way to one more of `own`: the youngest of the longest line, if that is longer than `own` will
 * be.
 */
function findYielding(parties: Parties, own: Party): Waiter | undefined {
  let longest = own;
  for (const party of parties.values()) if (party.line.size > longest.line.size) longest = party;
  return longest.line.size > own.line.size + 1 ? [...longest.line].at(-1) : undefined;
}

interface Standing {
  /** Called once the waiter has left the line, whichever way. */
  readonly onLeave: () => void;
  /** Called when it is admitted, at once: a place that was free for a moment would be taken by another. */
  readonly enter: () => () => void;
}

/** Waits in a line until it is admitted. @throws the error it is refused with; the signal's reason when it aborts. */
function stand(line: Set<Waiter>, signal: AbortSignal | undefined, at: Standing): Promise<() => void> {
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      line.delete(waiter);
      signal?.removeEventListener("abort", onAbort);
      at.onLeave();
    };
    const waiter: Waiter = {
      admit() {
        leave();
        resolve(at.enter());
      },
      refuse(error) {
        leave();
        reject(error);
      },
    };
    const onAbort = (): void => waiter.refuse(signal?.reason);
    line.add(waiter);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** Calls `onChange` when it is told another value than before; false at first. */
function createChangeTeller(onChange: (value: boolean) => void): (value: boolean) => void {
  let last = false;
  return (value) => {
    if (value === last) return;
    last = value;
    onChange(value);
  };
}

/**
 * Makes a gate of `places`, with at most `maxWaiting` waiters of all parties together. `onChange` is told true when the
 * first has entered, before `enter` settles, and false when the last has left and nobody waits.
 */
export function createGate(
  places: number,
  maxWaiting = Number.POSITIVE_INFINITY,
  onChange: (isBusy: boolean) => void = () => undefined,
): Gate {
  const parties: Parties = new Map();
  let inside = 0;
  let waiting = 0;
  const tellBusy = createChangeTeller(onChange);

  /** Changes the places that a party has. */
  function count(name: string, change: 1 | -1): void {
    const party = toParty(parties, name);
    inside += change;
    party.inside += change;
    parties.delete(name);
    parties.set(name, party);
  }

  function admit(name: string): () => void {
    count(name, 1);
    tellBusy(inside > 0);
    let hasLeft = false;
    return () => {
      if (hasLeft) return;
      hasLeft = true;
      count(name, -1);
      findNext(parties)?.admit();
      forgetIfGone(parties, name);
      // Once the place has changed hands: between two holders it is free for a moment.
      tellBusy(inside > 0);
    };
  }

  function waitInLine(name: string, signal: AbortSignal | undefined): Promise<() => void> {
    waiting++;
    const onLeave = (): void => {
      waiting--;
      forgetIfGone(parties, name);
    };
    return stand(toParty(parties, name).line, signal, { onLeave, enter: () => admit(name) });
  }

  return {
    async enter(signal, name = "") {
      signal?.throwIfAborted();
      if (inside < places) return admit(name);
      if (waiting < maxWaiting) return waitInLine(name, signal);
      const error = new GateFullError(`Cannot wait: ${waiting} are in line`);
      const yielding = findYielding(parties, toParty(parties, name));
      forgetIfGone(parties, name);
      if (!yielding) throw error;
      yielding.refuse(error);
      return waitInLine(name, signal);
    },
    get inside() {
      return inside;
    },
    get waiting() {
      return waiting;
    },
  };
}
