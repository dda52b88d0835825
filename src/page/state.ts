/** The first line: what serves here, or what is wrong and the command that mends it. */
import type { ServerState, Usage } from "../meter/usage.ts";
import { find, make, makeCopyButton, setText } from "./dom.ts";
import { formatMoment, formatSpan } from "./format.ts";

function toLogin({ auth }: ServerState): string {
  if (auth.logged_in === null) return "login unknown";
  return auth.logged_in ? `signed in (${auth.method ?? "unknown"})` : "not signed in";
}

function toWords({ server, since, totals }: Usage): string[] {
  const [start, now] = [new Date(since), new Date()];
  return [
    `claude ${server.claude.version ?? "unknown"}`,
    toLogin(server),
    `since ${formatMoment(start, now)} (${formatSpan(now.getTime() - start.getTime())})`,
    `${totals.requests} ${totals.requests === 1 ? "request" : "requests"}`,
  ];
}

/** Shows the state of each usage it is given. `showTime` is called once a second. */
export function createStateLine(): { show(usage: Usage): void; showLost(againAtMs: number): void; showTime(): void } {
  const line = find("#state");
  const mend = find("#mend");
  const offline = find("#offline");
  const version = find("#version");
  let current: Usage | undefined;
  let shownFix: string | undefined;
  let shownState = "";
  let lostAgainAtMs: number | undefined;

  function showFix(fix: string | undefined): void {
    if (fix === shownFix) return;
    shownFix = fix;
    mend.hidden = fix === undefined;
    mend.replaceChildren();
    if (fix === undefined) return;
    mend.append(
      "Run ",
      make("code", {}, fix),
      makeCopyButton(`Copy ${fix}`, () => fix),
    );
  }

  /** Each part stands in one piece where the line has to be broken. */
  function showLine(level: "ok" | "bad", first: string, rest: string, parts: readonly string[] = []): void {
    const state = [level, first, rest, ...parts].join("\n");
    if (state === shownState) return;
    shownState = state;
    line.dataset["level"] = level;
    const pieces = parts.flatMap((part) => [" ", make("span", {}, `· ${part}`)]);
    line.replaceChildren(make("strong", {}, first), rest, ...pieces);
  }

  function showServing(usage: Usage): void {
    const { server } = usage;
    if (server.status === "unavailable")
      return showLine("bad", "Not serving", `: ${server.reason ?? "the reason is not known"}`);
    showLine("ok", "Serving", ` on ${location.host}`, toWords(usage));
  }

  function showTime(): void {
    if (lostAgainAtMs !== undefined) {
      const seconds = Math.max(0, Math.round((lostAgainAtMs - Date.now()) / 1000));
      setText(offline, `The server does not answer. Trying again ${seconds === 0 ? "now" : `in ${seconds} s`}.`);
    } else if (current) showServing(current);
  }

  return {
    show(usage) {
      current = usage;
      lostAgainAtMs = undefined;
      offline.hidden = true;
      showFix(usage.server.fix ?? undefined);
      setText(version, `claude-max-api ${usage.server.version}`);
      showTime();
    },
    showLost(againAtMs) {
      lostAgainAtMs = againAtMs;
      offline.hidden = false;
      showLine("bad", "Not connected", "");
      showTime();
    },
    showTime,
  };
}
