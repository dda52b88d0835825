/** What a Responses request leaves to its answer, and to the requests that go on from that. */
import type { Turn } from "../../core/turn.ts";
import type { RequestFields } from "./wire.ts";

export interface ResponsesEcho {
  readonly request: RequestFields;
  /** System texts of the input, earlier ones included: unlike `instructions`, they hold for what follows too. */
  readonly systems: readonly string[];
  /** The input items as they came. */
  readonly input: readonly unknown[];
}

export function toEcho({ request, systems, input }: ResponsesEcho): Turn["echo"] {
  return { request, systems, input };
}

/** Reads what `toEcho` has made. */
export function readEcho({ echo }: Pick<Turn, "echo">): ResponsesEcho {
  return echo as unknown as ResponsesEcho;
}
