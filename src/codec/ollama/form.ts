/** What an Ollama request says of the form of its answer. */

export interface OllamaForm {
  /** The endpoint: a conversation is answered with messages, a prompt with texts. */
  readonly kind: "chat" | "generate";
  /** The model's name as the client wrote it, for lines that must be sent before it is known which one answers. */
  readonly model: string;
}
