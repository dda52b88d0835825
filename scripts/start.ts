/** `npm start`: makes the status page, then runs the program from its source. */
import { stop } from "esbuild";
import { buildPage } from "./page.ts";

// `src/http/page.ts` looks for it; in the bundle it is put in by `scripts/build.ts`.
Object.assign(globalThis, { STATUS_PAGE: await buildPage() });
// Its compiler would stay beside the program for as long as that runs.
await stop();
await import("../src/main.ts");
