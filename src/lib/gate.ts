/** A counting gate with fair lines: so many inside at once, the others wait, and no party's waiters keep another party out. */

export interface Gate {
  /**
   * Waits for a place and gives the function that gives it back; calling that twice is safe.
   *
   * Each party has a line of its own, first come first served. A free place goes to the party with the fewest inside;
   * among equals, to the one that had none for longest. When the lines are full together, the youngest waiter of the longest
   * line gives way to a party whose own line is shorter.
   *
   * @param party Shares its places and its line; callers that name none are one party.
   * @throws GateFullError when there is no room to wait, also later for a waiter that gives way; the signal's reason when it aborts.
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

/** Makes a gate of `places`, with at most `maxWaiting` waiters of all parties together. */
export function createGate(places: number, maxWaiting = Number.POSITIVE_INFINITY): Gate {
  // In the order in which they are to be served: a party goes to the end when it enters and when it leaves.
  const parties = new Map<string, Party>();
  let inside = 0;
  let waiting = 0;

  function toParty(name: string): Party {
    const party = parties.get(name) ?? { inside: 0, line: new Set() };
    parties.set(name, party);
    return party;
  }

  function forget(name: string, { inside, line }: Party): void {
    if (inside === 0 && line.size === 0) parties.delete(name);
  }

  /** The first waiter of the party whose turn it is. */
  function findNext(): Waiter | undefined {
    let next: Party | undefined;
    for (const party of parties.values()) {
      if (party.line.size > 0 && (!next || party.inside < next.inside)) next = party;
    }
    return next && [...next.line][0];
  }

  /** Makes room for one more waiter of `own`. @throws GateFullError when no other line is longer. */
  function makeRoom(own: Party): void {
    if (waiting < maxWaiting) return;
    let longest = own;
    for (const party of parties.values()) if (party.line.size > longest.line.size + 1) longest = party;
    const error = new GateFullError(`Cannot wait: ${waiting} are in line`);
    const youngest = longest === own ? undefined : [...longest.line].at(-1);
    if (!youngest) throw error;
    youngest.refuse(error);
  }

  /** Changes the places that a party has. */
  function count(name: string, party: Party, change: 1 | -1): void {
    inside += change;
    party.inside += change;
    parties.delete(name);
    parties.set(name, party);
  }

  function admit(name: string, party: Party): () => void {
    count(name, party, 1);
    let hasLeft = false;
    return () => {
      if (hasLeft) return;
      hasLeft = true;
      count(name, party, -1);
      findNext()?.admit();
      forget(name, party);
    };
  }

  function waitInLine(name: string, party: Party, signal: AbortSignal | undefined): Promise<() => void> {
    return new Promise((resolve, reject) => {
      const leaveLine = (): void => {
        party.line.delete(waiter);
        waiting--;
        signal?.removeEventListener("abort", onAbort);
      };
      const waiter: Waiter = {
        admit() {
          leaveLine();
          resolve(admit(name, party));
        },
        refuse(error) {
          leaveLine();
          forget(name, party);
          reject(error);
        },
      };
      const onAbort = (): void => waiter.refuse(signal?.reason);
      party.line.add(waiter);
      waiting++;
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  return {
    async enter(signal, name = "") {
      signal?.throwIfAborted();
      const party = toParty(name);
      if (inside < places) return admit(name, party);
      try {
        makeRoom(party);
        return waitInLine(name, party, signal);
      } catch (error) {
        forget(name, party);
        throw error;
      }
    },
    get inside() {
      return inside;
    },
    get waiting() {
      return waiting;
    },
  };
}
