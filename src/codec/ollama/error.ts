/** Ollama's errors: a sentence, and nothing beside it but the HTTP status. */
import type { ProxyError } from "../../core/error.ts";

/** `{error: "…"}`, as a whole and as the last line of a stream. */
export function encodeError({ message }: ProxyError): { readonly error: string } {
  return { error: message };
}
