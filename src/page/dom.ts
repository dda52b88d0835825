/** Small tools for the document. Text is only ever set as text: nothing that comes from a client is read as HTML. */

/** Attributes by name; `undefined` and `false` are left out, `true` is an empty one. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** An element of the page's own HTML. @throws Error when it is not there. */
export function find<Kind extends Element = HTMLElement>(selector: string, within: ParentNode = document): Kind {
  const found = within.querySelector<Kind>(selector);
  if (!found) throw new Error(`Cannot find ${selector}`);
  return found;
}

function setAttributes(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : String(value));
}

/** Makes an HTML element. Children are elements or texts. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  setAttributes(element, attributes);
  element.append(...children);
  return element;
}

/** Makes an SVG element. */
export function makeSvg(tag: string, attributes: Attributes = {}, ...children: readonly (Node | string)[]): SVGElement {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  setAttributes(element, attributes);
  element.append(...children);
  return element;
}

/**
 * Sets an element's text, and leaves it alone when it has it: a selection stays, and a screen reader is not told again.
 */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Puts a table under a line that opens it. */
export function setTable(details: HTMLDetailsElement, table: HTMLElement): void {
  details.replaceChildren(make("summary", {}, "As a table"), table);
}

/** One element for each item of a list, made once, brought up to date, and kept in the list's order. */
export interface Keyed<Item> {
  show(items: readonly Item[]): void;
}

/** A list of items, and the element of each. */
export interface KeyedOptions<Item> {
  readonly toKey: (item: Item) => string;
  readonly create: (item: Item) => HTMLElement;
  readonly update?: (element: HTMLElement, item: Item) => void;
}

/** Makes the list of a container's children: focus and hover survive, since no element is made anew. */
export function createKeyed<Item>(container: Element, { toKey, create, update }: KeyedOptions<Item>): Keyed<Item> {
  let elements = new Map<string, HTMLElement>();
  return {
    show(items) {
      const next = new Map<string, HTMLElement>();
      let place = container.firstElementChild;
      for (const item of items) {
        const key = toKey(item);
        const element = elements.get(key) ?? create(item);
        update?.(element, item);
        next.set(key, element);
        if (element === place) place = place.nextElementSibling;
        else container.insertBefore(element, place);
      }
      for (const [key, element] of elements) if (!next.has(key)) element.remove();
      elements = next;
    },
  };
}

const COPIED_MS = 1500;

/** The old way to copy, for addresses other than loopback: without https a browser has no clipboard for them. */
function copyBySelection(text: string): boolean {
  const field = make("textarea", { class: "hidden", readonly: true });
  field.value = text;
  document.body.append(field);
  field.select();
  const isCopied = document.execCommand("copy");
  field.remove();
  return isCopied;
}

async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

/** A button that copies a text, and says that it did. */
export function makeCopyButton(label: string, toText: () => string): HTMLButtonElement {
  const button = make("button", { type: "button", class: "copy", "aria-label": label }, "Copy");
  button.addEventListener("click", () => {
    void copy(toText()).then((isCopied) => {
      button.textContent = isCopied ? "Copied" : "Cannot copy";
      button.focus();
      setTimeout(() => (button.textContent = "Copy"), COPIED_MS);
    });
  });
  return button;
}
