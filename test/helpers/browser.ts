/** Pages in a browser: where it is, how a tab is opened, and what can be read of it. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { BrowserContext, Page } from "puppeteer-core";
import axe from "axe-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** The browser's file: what CHROMIUM_PATH names, or the first of the usual names on PATH. */
export function findChromium(): string | undefined {
  const { CHROMIUM_PATH: given, PATH: path = "" } = process.env;
  const found = path.split(":").flatMap((folder) => NAMES.map((name) => join(folder, name)));
  return [given ?? "", ...found].find((file) => file !== "" && existsSync(file));
}

export interface View {
  readonly page: Page;
  /** What the console has said of errors so far; empty when all is well. */
  readonly errors: string[];
}

export interface ViewOptions {
  readonly width?: number;
  readonly height?: number;
  readonly colours?: "light" | "dark";
}

/** Opens a tab with a window and colours of its own. */
export async function openView(
  browser: Pick<BrowserContext, "newPage">,
  { width = 1280, height = 900, colours = "light" }: ViewOptions = {},
): Promise<View> {
  const page = await browser.newPage();
  const errors: string[] = [];
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  page.on("pageerror", (error) => errors.push(String(error)));
  await page.setViewport({ width, height });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: colours }]);
  return { page, errors };
}

/** What axe finds wrong, a line each. */
export async function findBarriers(page: Page): Promise<string[]> {
  // Not as an inline script: the page's policy would not run it.
  await page.evaluate(axe.source);
  const { violations } = (await page.evaluate("axe.run()")) as axe.AxeResults;
  return violations.map(
    ({ id, help, nodes }) =>
      `${id}: ${help}: ${nodes
        .slice(0, 2)
        .map(({ html }) => html)
        .join(" ")}`,
  );
}

/** The text of the first element that fits, with single spaces. */
export async function readText(page: Page, selector: string): Promise<string> {
  const text = await page.$eval(selector, (element) => element.textContent ?? "");
  return text.replace(/\s+/g, " ").trim();
}

/** Settles once the text of an element matches. */
export async function untilText(page: Page, selector: string, pattern: RegExp): Promise<void> {
  await page.waitForFunction(
    `new RegExp(${JSON.stringify(pattern.source)}, ${JSON.stringify(pattern.flags)}).test(document.querySelector(${JSON.stringify(selector)})?.textContent ?? "")`,
    { timeout: 20_000 },
  );
}
