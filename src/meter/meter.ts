/**
 * The meter: told of every turn by its one caller, and asked for sums, for what runs and for what was last. Pure: it
 * reads no clock and no file. Its memory is bounded, whatever clients do: 31 days, 60 minutes and 200 turns, each day
 * with at most 97 names; in all under 2 MB beyond the turns that run.
 */
import type { PlanReport } from "../core/plan.ts";
import { createLedger } from "./ledger.ts";
import type { Ledger } from "./ledger.ts";
import { createPlanGauge, toPlanState } from "./plan.ts";
import { createTurnState } from "./turn.ts";
import type { Time, TurnRecord, TurnRequest, TurnState } from "./turn.ts";
import type { Metered, RunningTurn } from "./usage.ts";

/** Sums over all turns, the plan, and what runs now. */
export interface Meter extends Pick<Ledger, "addDays" | "takeDays" | "series"> {
  /** A turn is asked for. */
  begin(request: TurnRequest): TurnRecord;
  /** The API has told of the plan's limits. */
  updatePlan(report: PlanReport): void;
  /** The plan's last known state; undefined before the first report. */
  readPlan(): PlanReport | undefined;
  /** All there is, as JSON. It goes on changing: to be written out at once. */
  read(): Metered;
  /**
   * The changes since the last call, and their time; undefined when there are none. Lists that grow hold only new
   * entries.
   */
  takeChange(): (Pick<Metered, "now"> & Partial<Metered>) | undefined;
  /** Calls `listener` at each change; one listener at a time. It must be quick: turns wait for it. */
  onChange(listener: (() => void) | undefined): void;
  /** Ends a running turn, by its id; false when there is none. */
  stop(id: string): boolean;
  /** Number of turns that run now, those that wait for a place included. */
  readonly running: number;
}

/** Running turns that are listed; more are counted only. */
const MOST_LISTED = 100;

/** The turns that run now. */
interface Running {
  add(id: string, state: TurnState, stop: () => void): void;
  delete(id: string): void;
  list(): RunningTurn[];
  stop(id: string): boolean;
  readonly size: number;
}

function createRunning(): Running {
  const turns = new Map<string, { readonly state: TurnState; readonly stop: () => void }>();
  return {
    add: (id, state, stop) => void turns.set(id, { state, stop }),
    delete: (id) => void turns.delete(id),
    list: () => [...turns.values()].slice(0, MOST_LISTED).map(({ state }) => state.toRunning()),
    stop(id) {
      const turn = turns.get(id);
      turn?.stop();
      return turn !== undefined;
    },
    get size() {
      return turns.size;
    },
  };
}

/** The parts of a meter that have changed since they were last taken; a listener is told of each change. */
interface Changes {
  add(part: "plan" | "turns"): void;
  /** Gives the parts that have changed, and begins anew. */
  take(): ReadonlySet<"plan" | "turns">;
  onChange: Meter["onChange"];
}

function createChanges(): Changes {
  let changed = new Set<"plan" | "turns">();
  let listen: (() => void) | undefined;
  return {
    add(part) {
      changed.add(part);
      listen?.();
    },
    take() {
      const taken = changed;
      changed = new Set();
      return taken;
    },
    onChange: (listener) => void (listen = listener),
  };
}

/** Makes a meter at zero. */
export function createMeter(time: Time): Meter {
  const since = new Date(time.now()).toISOString();
  const plan = createPlanGauge(time.now);
  const ledger = createLedger(time.now);
  const running = createRunning();
  const changes = createChanges();
  let lastId = 0;

  const toNow = (): string => new Date(time.now()).toISOString();

  function toPlan(): Metered["plan"] {
    const report = plan.read();
    return report ? toPlanState(report) : null;
  }

  function begin(request: TurnRequest): TurnRecord {
    const id = `turn_${++lastId}`;
    const state = createTurnState(id, request, time);
    let isOver = false;
    return {
      run(asked) {
        state.run(asked);
        running.add(id, state, asked.stop);
        changes.add("turns");
      },
      add(events) {
        if (state.add(events)) changes.add("turns");
      },
      end(error) {
        if (isOver) return;
        isOver = true;
        running.delete(id);
        ledger.add(state.toFinished(error));
        changes.add("turns");
      },
    };
  }

  return {
    addDays: ledger.addDays,
    takeDays: ledger.takeDays,
    series: ledger.series,
    begin,
    updatePlan(report) {
      plan.update(report);
      changes.add("plan");
    },
    readPlan: plan.read,
    read: () => ({ since, now: toNow(), plan: toPlan(), turns: running.list(), ...ledger.read() }),
    takeChange() {
      const sums = ledger.takeChange();
      const changed = changes.take();
      if (!sums && changed.size === 0 && running.size === 0) return undefined;
      // The plan always: its windows end by the clock too.
      // How a turn begins and how fast it goes changes without a word of its own.
      const turns = changed.has("turns") || running.size > 0 ? { turns: running.list() } : {};
      return { now: toNow(), plan: toPlan(), ...turns, ...sums };
    },
    onChange: changes.onChange,
    stop: running.stop,
    get running() {
      return running.size;
    },
  };
}
