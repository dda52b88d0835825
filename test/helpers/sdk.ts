/** The official clients, pointed at the proxy; they do not try again, so that a failure is seen as it is. */
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";

export function createOpenAi(url: string): OpenAI {
  return new OpenAI({ baseURL: `${url}/v1`, apiKey: "unused", maxRetries: 0 });
}

export function createAnthropic(url: string): Anthropic {
  return new Anthropic({ baseURL: url, apiKey: "unused", maxRetries: 0 });
}

/** A red dot: the smallest PNG there is. */
export const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";
