/** The part of an answer that stands when its running API call is void: texts, calls to MCP servers, their results. */
import type { McpResult, TurnEvent } from "../../core/event.ts";

type Kept = Extract<TurnEvent, { readonly type: "text" | "mcp_call" | "mcp_arguments" }> | McpResult;

/** The events of an answer that are told again after a retraction. */
export interface Standing {
  /** Takes an event that was told. Ignores those that are not told again, such as thinking and progress. */
  add(event: TurnEvent): void;
  /** An API call begins: what was told before it stands. */
  settle(): void;
  /** Forgets what the running API call has told. */
  retract(): void;
  /** Events of the API calls before the running one. No two pieces of one text stand side by side. */
  readonly settled: readonly TurnEvent[];
  /** True for a call to a server that has no result yet. */
  isOpen(id: string): boolean;
  /** True where text would go on right after that of an earlier API call, and nothing that is shown parts them. */
  readonly isNewRound: boolean;
}

/** The two events as one, where they are pieces of one text. */
function join(last: Kept | undefined, event: Kept): Kept | undefined {
  if (last?.type === "text" && event.type === "text") return { type: "text", text: last.text + event.text };
  if (last?.type === "mcp_arguments" && event.type === "mcp_arguments" && last.id === event.id)
    return { ...last, json: last.json + event.json };
  return undefined;
}

function isKept(event: TurnEvent): event is Kept {
  switch (event.type) {
    case "text":
    case "mcp_call":
    case "mcp_arguments":
    case "mcp_result":
      return true;
    default:
      return false;
  }
}

/** Makes an empty one. */
export function createStanding(): Standing {
  const settled: Kept[] = [];
  let running: Kept[] = [];
  return {
    add(event) {
      if (!isKept(event)) return;
      const joined = join(running.at(-1), event);
      if (joined) running[running.length - 1] = joined;
      else running.push(event);
    },
    settle() {
      for (const event of running) settled.push(event);
      running = [];
    },
    retract: () => void (running = []),
    get settled() {
      return settled;
    },
    isOpen(id) {
      const told = [...settled, ...running];
      const isTold = (type: Kept["type"]): boolean =>
        told.some((event) => event.type === type && "id" in event && event.id === id);
      return isTold("mcp_call") && !isTold("mcp_result");
    },
    get isNewRound() {
      return running.every(({ type }) => type !== "text") && (running.at(-1) ?? settled.at(-1))?.type === "text";
    },
  };
}
