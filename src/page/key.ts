/** The question for the server's key. */
import { find } from "./dom.ts";

/** Asks until something is typed. `wrong` is a key that the server has refused. */
export function askKey(wrong: string | undefined): Promise<string> {
  const dialog = find<HTMLDialogElement>("#key");
  const form = find<HTMLFormElement>("form", dialog);
  const field = find<HTMLInputElement>("[name=key]", dialog);
  const words = find("#key-words", dialog);
  if (wrong !== undefined) {
    words.textContent = "The server does not accept this key. Another one?";
    words.dataset["level"] = "bad";
  }
  field.value = "";
  dialog.showModal();
  return new Promise((resolve) => {
    // Nothing is behind the dialog without a key: it stays.
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    form.addEventListener("submit", () => resolve(field.value.trim()), { once: true });
  });
}
