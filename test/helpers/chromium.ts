/** A headless Chromium for tests of the page. Where there is none, such a test says so and is left out by name. */
import { after } from "node:test";
import type { TestContext } from "node:test";
import { launch } from "puppeteer-core";
import type { Browser, BrowserContext } from "puppeteer-core";
import { findChromium } from "./browser.ts";
import { createScope } from "./scope.ts";

/** One for all tests of a file: a start takes longer than most of them. */
let started: Promise<Browser> | undefined;
const file = createScope();
// Registered while the file is loaded: `after` called within a test belongs to that test.
after(() => file.end());

async function start(executablePath: string): Promise<Browser> {
  // Its sandbox needs rights that a container lacks; what it opens here is our own page.
  const browser = await launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
  file.after(() => browser.close());
  return browser;
}

/**
 * Gives the test a browser that has stored nothing; its tabs close with the test. Undefined, and the test is left out,
 * where there is no browser.
 */
export async function startBrowser(t: TestContext): Promise<BrowserContext | undefined> {
  const executablePath = findChromium();
  if (executablePath === undefined) return void t.skip("no Chromium here: install chromium, or set CHROMIUM_PATH");
  const context = await (await (started ??= start(executablePath))).createBrowserContext();
  t.after(() => context.close());
  return context;
}
