/** A Responses request's fields that its answer repeats, and those that later requests go on from. */
import type { RequestFields } from "./wire.ts";

/** Form of a Responses answer. */
export interface ResponsesForm {
  /** The model's name as the client wrote it, for events that must be sent before it is known which one answers. */
  readonly model: string;
  readonly request: RequestFields;
  /** System texts of the input, earlier ones included: unlike `instructions`, they hold for what follows too. */
  readonly systems: readonly string[];
  /** Labels of the MCP servers whose tools the conversation has listed already. */
  readonly listed: readonly string[];
  /** The input items as they came. */
  readonly input: readonly unknown[];
}
