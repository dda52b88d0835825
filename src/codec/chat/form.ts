/** A chat request's wishes for the form of its answer. */

/** Form of a chat answer. */
export interface ChatForm {
  /** The model's name as the client wrote it, for frames that must be sent before it is known which one answers. */
  readonly model: string;
  /** A stream ends with a usage chunk. */
  readonly includeUsage: boolean;
  /** Tools of the CLI's own are told of as reasoning. */
  readonly includeProgress: boolean;
  /** The request speaks of `functions`, so the answer does: one `function_call`, no ids. */
  readonly isLegacy: boolean;
}
