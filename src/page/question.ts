/** A small box to try the server with: a question, and its answer as it is made. */
import type { Usage } from "../meter/usage.ts";
import { find, make, setText } from "./dom.ts";
import { formatMs } from "./format.ts";
import type { Live } from "./live.ts";
import { readEvents } from "./sse.ts";

interface Chunk {
  readonly choices?: readonly { readonly delta: { readonly content?: string } }[];
  readonly usage?: { readonly completion_tokens: number } | null;
  readonly error?: { readonly message: string };
}

/** @throws Error with the server's own words when it refuses. */
async function ask(live: Live, body: object, signal: AbortSignal): Promise<NonNullable<Response["body"]>> {
  const response = await live.request("/v1/chat/completions", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    signal,
  });
  if (response.ok && response.body) return response.body;
  const answer = (await response.json().catch(() => ({}))) as Chunk;
  throw new Error(answer.error?.message ?? `The server answers with ${response.status}`);
}

interface Parts {
  readonly text: HTMLTextAreaElement;
  readonly model: HTMLSelectElement;
  readonly send: HTMLButtonElement;
  readonly answer: HTMLElement;
  readonly measure: HTMLElement;
}

function makeParts(card: HTMLElement): Parts & { readonly form: HTMLFormElement } {
  const text = make("textarea", { "aria-label": "Question", rows: 3, required: true });
  text.value = "Tell me in one sentence what a fingerprint is.";
  const model = make("select", { "aria-label": "Model" });
  const send = make("button", { type: "submit", class: "main" }, "Send");
  const answer = make("div", { class: "answer", role: "log", "aria-label": "Answer", tabindex: 0 });
  const measure = make("p", { class: "measure" });
  const row = make("div", { class: "row" }, make("label", {}, model), send);
  const form = make("form", { class: "question" }, text, row, answer, measure);
  card.append(form);
  return { form, text, model, send, answer, measure };
}

/** Streams one answer into its place. */
async function stream(live: Live, { text, model, answer, measure }: Parts, signal: AbortSignal): Promise<void> {
  const startedAt = performance.now();
  let firstMs: number | undefined;
  const messages = [{ role: "user", content: text.value }];
  const body = { model: model.value, messages, stream: true, stream_options: { include_usage: true } };
  for await (const { data } of readEvents(await ask(live, body, signal))) {
    if (data === "[DONE]") return;
    const { choices, usage, error } = JSON.parse(data) as Chunk;
    if (error) throw new Error(error.message);
    const delta = choices?.[0]?.delta.content ?? "";
    if (delta !== "") firstMs ??= performance.now() - startedAt;
    answer.append(delta);
    answer.scrollTop = answer.scrollHeight;
    if (!usage || firstMs === undefined) continue;
    const ms = performance.now() - startedAt;
    setText(measure, `first delta ${formatMs(firstMs)}, all ${formatMs(ms)}, ${usage.completion_tokens} tokens`);
  }
}

/** Makes the box. */
export function createQuestion(live: Live): { show(usage: Usage): void } {
  const parts = makeParts(find("#question"));
  const { form, text, model, send, answer, measure } = parts;
  let asking: AbortController | undefined;

  async function run(): Promise<void> {
    const running = (asking = new AbortController());
    send.textContent = "Stop";
    answer.replaceChildren();
    answer.dataset["level"] = "";
    setText(measure, "");
    try {
      await stream(live, parts, running.signal);
    } catch (error) {
      if (running.signal.aborted) return setText(measure, "stopped");
      answer.dataset["level"] = "bad";
      answer.append(error instanceof Error ? error.message : "No answer");
    } finally {
      asking = undefined;
      send.textContent = "Send";
    }
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (asking) asking.abort();
    else void run();
  });
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) form.requestSubmit();
  });

  return {
    show({ server }) {
      const names = server.available_models;
      if (names.join("\n") === [...model.options].map(({ value }) => value).join("\n")) return;
      const chosen = model.value;
      model.replaceChildren(...names.map((name) => make("option", { value: name }, name)));
      const usual = names.find((name) => name.includes("haiku")) ?? names[0] ?? "";
      model.value = names.includes(chosen) ? chosen : usual;
    },
  };
}
