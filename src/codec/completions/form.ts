/** A completions request's wishes for the form of its answer. */

/** Form of a completion. */
export interface CompletionsForm {
  /** The model's name as the client wrote it, for chunks that must be sent before it is known which one answers. */
  readonly model: string;
  /** Text that goes before the answer: the prompt, where the request wants it repeated. */
  readonly echo: string;
  /** A stream ends with a usage chunk. */
  readonly includeUsage: boolean;
}
