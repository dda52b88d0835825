/** All measurements, by the number of their fact. */
import { FAILURES } from "./measure/failure.ts";
import { KEPT } from "./measure/kept.ts";
import { OWN } from "./measure/own.ts";
import { PROCESS } from "./measure/process.ts";
import { REPLAY } from "./measure/replay.ts";
import { SETTINGS } from "./measure/setting.ts";
import { SET_UP } from "./measure/setup.ts";
import { TOOLS } from "./measure/tool.ts";
import { TURN } from "./measure/turn.ts";
import { WAIT } from "./measure/wait.ts";
import type { Measurement } from "./probe.ts";

export const MEASUREMENTS: Readonly<Record<string, Measurement>> = {
  ...PROCESS,
  ...SET_UP,
  ...SETTINGS,
  ...TURN,
  ...TOOLS,
  ...REPLAY,
  ...WAIT,
  ...FAILURES,
  ...OWN,
  ...KEPT,
};
