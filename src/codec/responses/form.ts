/** What a Responses request leaves to its answer, and to the requests that go on from that. */
import type { RequestFields } from "./wire.ts";

export interface ResponsesForm {
  /** The model's name as the client wrote it, for events that must be sent before it is known which one answers. */
  readonly model: string;
  readonly request: RequestFields;
  /** System texts of the input, earlier ones included: unlike `instructions`, they hold for what follows too. */
  readonly systems: readonly string[];
  /** The input items as they came. */
  readonly input: readonly unknown[];
}
