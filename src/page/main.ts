/** The status page: everything that is shown comes from `/usage/events`, and goes on coming without a reload. */
import type { Usage } from "../meter/usage.ts";
import { createConnect } from "./connect.ts";
import { createHourChart } from "./hour.ts";
import { askKey } from "./key.ts";
import { createLive } from "./live.ts";
import { createMonthChart } from "./month.ts";
import { createPlan } from "./plan.ts";
import { createQuestion } from "./question.ts";
import { createRecent } from "./recent.ts";
import { createRunning } from "./running.ts";
import { createServers } from "./servers.ts";
import { createStateLine } from "./state.ts";
import { startTheme } from "./theme.ts";

/** A part of the page. `showTime` brings what the clock changes up to date. */
interface Section {
  show(usage: Usage): void;
  showTime?(): void;
}

const CLOCK_MS = 1000;

function start(): void {
  const state = createStateLine();
  const live = createLive({
    onUsage: (usage) => sections.forEach((section) => section.show(usage)),
    onLost: state.showLost,
    askKey,
  });
  const sections: readonly Section[] = [
    state,
    createPlan(),
    createRunning(live),
    createServers(),
    createHourChart(),
    createMonthChart(),
    createRecent(),
    createConnect(() => live.hasKey),
    createQuestion(live),
  ];
  setInterval(() => sections.forEach((section) => section.showTime?.()), CLOCK_MS);
  void live.run();
}

startTheme();
// The frame of the page is painted first; a page that is hidden has no frames.
if (document.hidden) start();
else requestAnimationFrame(() => setTimeout(start));
