/** Watches the proxy while it is used: memory and descriptors as they go, and a CLI killed now and then. Linux. */
import { readdirSync } from "node:fs";
import type { Proxy } from "../../test/helpers/proxy.ts";
import type { Random } from "../../test/helpers/random.ts";
import { readRssMb } from "../bench/proc.ts";

export interface Sample {
  readonly rssMb: number;
  readonly descriptors: number;
}

export interface Watch {
  readonly samples: readonly Sample[];
  /** When CLIs were killed, by `performance.now()`. */
  readonly kills: readonly number[];
  stop(): void;
}

const SAMPLE_MS = 500;

/** Starts to look, and to kill a CLI of the proxy every `killMs`. */
export function watchProxy(proxy: Proxy, random: Random, killMs: number): Watch {
  const samples: Sample[] = [];
  const kills: number[] = [];
  const sampler = setInterval(() => {
    const descriptors = readdirSync(`/proc/${proxy.pid}/fd`).length;
    samples.push({ rssMb: readRssMb(proxy.pid), descriptors });
  }, SAMPLE_MS);
  const killer = setInterval(() => {
    const pids = proxy.children();
    if (pids.length === 0) return;
    try {
      process.kill(random.pick(pids), "SIGKILL");
      kills.push(performance.now());
    } catch (error) {
      // It ended meanwhile.
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }, killMs);
  return {
    samples,
    kills,
    stop() {
      clearInterval(sampler);
      clearInterval(killer);
    },
  };
}

const toMedian = (values: readonly number[]): number =>
  [...values].sort((one, other) => one - other)[values.length >> 1] ?? 0;

/** The median of the second quarter of the samples, in which all is warm, and of the last one. */
export function compareQuarters(values: readonly number[]): { early: number; late: number } {
  const quarter = Math.floor(values.length / 4);
  return { early: toMedian(values.slice(quarter, 2 * quarter)), late: toMedian(values.slice(3 * quarter)) };
}
