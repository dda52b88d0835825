/** `npm start`: makes the status page, then runs the program from its source. */
import { buildPage } from "./page.ts";

// `src/http/page.ts` looks for it; in the bundle it is put in by `scripts/build.ts`.
Object.assign(globalThis, { STATUS_PAGE: await buildPage() });
await import("../src/main.ts");
