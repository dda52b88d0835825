/** An Ollama request's wishes for the form of its answer. */

/** Form of an Ollama answer. */
export interface OllamaForm {
  /** The endpoint: a conversation is answered with messages, a prompt with texts. */
  readonly kind: "chat" | "generate";
  /** The model's name as the client wrote it, for lines that must be sent before it is known which one answers. */
  readonly model: string;
}
