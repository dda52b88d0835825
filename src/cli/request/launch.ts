/**
 * The CLI's argument list and environment. Only settings go here. The one word of a client's among them is the id of a
 * pinned model, which has to look like one (`PINNED` in `core/model.ts`).
 */
import type { McpServer } from "../../core/mcp.ts";
import type { OwnTools } from "../../core/profile.ts";
import { isAmple, readFreeBytes } from "../../lib/memory.ts";
import { TOOL_SERVER_NAME } from "../protocol/name.ts";

/** The settings a process is started with. Everything else about a turn travels on stdin. */
export interface Launch {
  readonly tools: OwnTools;
  /** MCP servers that are loaded as soon as it has started, told on stdin; none without it. */
  readonly servers?: readonly McpServer[];
  /** Set where a transcript or a kept session is resumed; a fresh process is told its model on stdin. */
  readonly model?: string;
  readonly session?:
    | { readonly type: "replay"; readonly file: string; readonly lastUuid: string }
    /** Reads the file, which need not exist until then, once it has been sent its set-up (P60). */
    | { readonly type: "await"; readonly file: string; readonly lastUuid: string }
    | { readonly type: "begin"; readonly id: string }
    | { readonly type: "resume"; readonly id: string; readonly lastUuid: string };
}

function toSessionArgs(session: Launch["session"]): string[] {
  switch (session?.type) {
    case "replay":
      return ["--no-session-persistence", "--resume", session.file, "--resume-session-at", session.lastUuid];
    case "await":
      return ["--await-initialize", ...toSessionArgs({ ...session, type: "replay" })];
    case "begin":
      return ["--session-id", session.id];
    case "resume":
      return ["--resume", session.id, "--resume-session-at", session.lastUuid];
    case undefined:
      return ["--no-session-persistence"];
  }
}

const SEARCH = ["WebSearch"];
const WEB = [...SEARCH, "WebFetch"];
const WORKSPACE = [...WEB, "Read", "Write", "Edit", "Glob", "Grep"];

/** Tools that start turns of their own later on, when no request is there to take the answer (P83). */
const LATER = [
  "CronCreate",
  "CronDelete",
  "CronList",
  "ListAgents",
  "Monitor",
  "ScheduleWakeup",
  "SendMessage",
  "TaskStop",
  "Workflow",
];

/** These tools, and no other; nothing ever waits for a permission, what is not allowed is denied at once (P80, P81). */
function toAllowed(tools: readonly string[]): string[] {
  const allowed = [...tools, TOOL_SERVER_NAME].join(",");
  return ["--tools", tools.join(","), "--permission-mode", "dontAsk", "--allowedTools", allowed];
}

/**
 * Measured, on the file system: `--restricted` keeps reads and writes inside the working directory, through `..` and
 * symlinks too (P82).
 */
function toToolArgs(tools: OwnTools): string[] {
  switch (tools) {
    case "none":
      return toAllowed([]);
    case "search":
      return toAllowed(SEARCH);
    case "web":
      return toAllowed(WEB);
    case "workspace":
      return ["--restricted", ...toAllowed(WORKSPACE)];
    case "full":
      return ["--dangerously-skip-permissions", "--disallowedTools", LATER.join(",")];
  }
}

/** The whole argument list. `settingSources` names the user settings to load; empty loads none. */
export function toArgs(launch: Launch, settingSources: string): string[] {
  return [
    "-p",
    ...["--input-format", "stream-json", "--output-format", "stream-json", "--verbose", "--include-partial-messages"],
    ...["--strict-mcp-config", "--setting-sources", settingSources],
    ...toToolArgs(launch.tools),
    ...(launch.model === undefined ? [] : ["--model", launch.model]),
    ...toSessionArgs(launch.session),
  ];
}

// Marks of an enclosing session: a CLI that sees them takes itself for a part of it (P92).
const ENCLOSING = ["CLAUDECODE", "CLAUDE_CODE_ENTRYPOINT", "CLAUDE_CODE_SSE_PORT", "CLAUDE_CODE_SESSION_ID"];

/** Settings without which the CLI would change what the client sent. */
const EXACT: Readonly<Record<string, string>> = {
  // Else tools may be put behind a search tool, and every tool list has a placeholder (P47).
  ENABLE_TOOL_SEARCH: "false",
  // Else a tool's description ends after 4096 characters (P47).
  CLAUDE_CODE_MAX_MCP_DESCRIPTION_LENGTH: "1000000000",
  // Else a result of more than 25,000 tokens becomes a file that nobody can read (P47).
  MAX_MCP_OUTPUT_TOKENS: "1000000000",
  // Else a task that ends after its turn makes the CLI begin a turn of its own (P83).
  CLAUDE_CODE_DISABLE_BACKGROUND_TASKS: "1",
  // Else an answer whose stream fails is asked for again in one piece, of which no event is told (P74).
  CLAUDE_CODE_DISABLE_NONSTREAMING_FALLBACK: "1",
  // Else some models are told after each tool round how many tokens are left (P38).
  CLAUDE_CODE_TOTAL_TOKENS_REMINDER: "off",
  // Else the CLI may add reminders of its own, and files, to what the client says (P38).
  CLAUDE_CODE_DISABLE_ATTACHMENTS: "1",
};

/**
 * Without the first a long conversation is summarised at the user's cost, unseen; the client is to hear that it is too
 * long. Without the second the CLI says so by a guess, which refuses what the API would take (P94).
 */
const NO_SUMMARY = { DISABLE_COMPACT: "1", CLAUDE_CODE_BLOCKING_LIMIT_OVERRIDE: "1000000000" };

/**
 * The API then sends the input of a tool as it is made, and not once a value is whole and checked. It is fixed by the
 * first call of a process and part of the prompt (P25). Unset, a flag of the CLI's that may change from one process to
 * the next decides, and a replay would miss the cache: so it is on for all processes, whether their turns are streamed
 * or not.
 */
const EAGER_TOOLS = { CLAUDE_CODE_ENABLE_FINE_GRAINED_TOOL_STREAMING: "1" };

/**
 * The CLI's allocator gives memory back page by page and at once, and takes it again; once a second its collector looks
 * for garbage, also at rest. With huge pages that it keeps, and a look once a minute, a process starts in half the time
 * and takes 60 to 120 MB more (P97). Linux alone has them.
 */
const KEPT_MEMORY =
  process.platform === "linux" && isAmple(readFreeBytes())
    ? { MIMALLOC_ALLOW_THP: "1", MIMALLOC_PURGE_DELAY: "-1", BUN_GC_TIMER_INTERVAL: "60000" }
    : {};

/** Marks of another API than Anthropic's own, which may refuse what it does not know: there the CLI decides. */
const OTHER_API = /^(CLAUDE_CODE_USE_\w+|ANTHROPIC_BASE_URL)$/;

/** Variables of this program, which hold keys: no shell of the model's is given them. */
const OURS = /^(CLAUDE_MAX_API_|TELEGRAM_)/;

/** A socket of the CLI's lies in its temporary folder, and a socket's path has at most about 100 bytes. */
const LONGEST_TEMPORARY = 70;

/**
 * The user's environment, which holds the login, proxy and provider settings, less the marks of an enclosing session
 * and our own settings. A task of many rounds on the CLI's own tools may be summarised by it. `temporary` is the folder
 * for the CLI's temporary files, the system's without one; one with too long a path is not used.
 */
export function toEnvironment(environment: NodeJS.ProcessEnv, tools: OwnTools, temporary?: string): NodeJS.ProcessEnv {
  const kept = Object.entries(environment).filter(([name]) => !ENCLOSING.includes(name) && !OURS.test(name));
  const hasLongTasks = tools === "web" || tools === "workspace" || tools === "full";
  const isOtherApi = kept.some(([name, value]) => OTHER_API.test(name) && value !== "");
  return {
    ...(isOtherApi ? {} : EAGER_TOOLS),
    ...KEPT_MEMORY,
    ...Object.fromEntries(kept),
    ...EXACT,
    ...(hasLongTasks ? {} : NO_SUMMARY),
    ...(temporary === undefined || Buffer.byteLength(temporary) > LONGEST_TEMPORARY
      ? {}
      : { CLAUDE_CODE_TMPDIR: temporary }),
  };
}
