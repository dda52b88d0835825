/** A Messages request's wishes for the form of its answer. */

/** Form of a Messages answer. */
export interface MessagesForm {
  /**
   * Thinking comes as blocks of its own: `shown` with its text, `signed` without, which clients give back all the same.
   * `hidden` for a client that did not ask: it takes the first block for the answer.
   */
  readonly thinking: "hidden" | "signed" | "shown";
  /**
   * An estimate, made for streams only: `message_start` has to name the input tokens, and one that is written to keep
   * the connection comes before the API has counted them.
   */
  readonly inputTokens: number;
}
