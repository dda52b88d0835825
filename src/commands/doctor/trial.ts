/** One start of the CLI as for turns, to see whether and how it gets ready: nothing is asked of a model. */
import { startConversation } from "../../cli/conversation.ts";
import type { Command } from "../../cli/process/process.ts";
import { toArgs } from "../../cli/request/launch.ts";
import type { Launch } from "../../cli/request/launch.ts";
import type { McpServerState } from "../../core/mcp.ts";

/** A process to start, and the patience with it. */
export interface TrialOptions {
  readonly command: Omit<Command, "args">;
  readonly launch: Launch;
  readonly settingSources: string;
  readonly patienceMs: number;
}

/** The course of a start. */
export interface Trial {
  /** Milliseconds from the start to the answer, or to its failure. */
  readonly ms: number;
  /** Set where there was no answer. */
  readonly failure: Error | undefined;
  /** True for a process that was ended because it took too long. */
  readonly isLate: boolean;
  /** The last states of its MCP servers, all of which are loaded before it answers; undefined when none were told. */
  readonly states: readonly McpServerState[] | undefined;
}

/** Starts a process, waits for its first answer, and ends it. */
export async function tryCli({ command, launch, settingSources, patienceMs }: TrialOptions): Promise<Trial> {
  const startedAt = performance.now();
  let states: Trial["states"];
  let isLate = false;
  const conversation = startConversation({
    command: { ...command, args: toArgs(launch, settingSources) },
    launch,
    activityMs: patienceMs,
    onCatalogue: () => {},
    onDenial: () => {},
    onLimits: () => {},
    onMcpCall: () => {},
    onMcpStates: (found) => void (states = found),
    onPlan: () => {},
  });
  const patience = setTimeout(() => {
    isLate = true;
    void conversation.close();
  }, patienceMs);
  // Answered after the servers: the CLI takes what is asked in order.
  const failure = await conversation.askModels();
  const ms = performance.now() - startedAt;
  clearTimeout(patience);
  await conversation.close();
  return { ms, failure, isLate, states };
}
