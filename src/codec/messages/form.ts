/** A Messages request's wishes for the form of its answer. */

/** Form of a Messages answer. */
export interface MessagesForm {
  /** Thinking comes as blocks of its own; a client that did not ask takes the first block for the answer. */
  readonly showsThinking: boolean;
  /**
   * An estimate, made for streams only: `message_start` has to name the input tokens before the API has counted them.
   */
  readonly inputTokens: number;
}
