/** The button for colours: as the system has them, light, or dark; remembered on this machine. */
import { find } from "./dom.ts";

const THEMES = ["system", "light", "dark"] as const;
type Theme = (typeof THEMES)[number];

const ITEM = "claude-max-api-theme";
const WORDS: Readonly<Record<Theme, string>> = {
  system: "Colours: auto",
  light: "Colours: light",
  dark: "Colours: dark",
};

/** Sets the colours, and lets the button change them. */
export function startTheme(): void {
  const button = find<HTMLButtonElement>("#theme");
  let theme = THEMES.find((known) => known === localStorage.getItem(ITEM)) ?? "system";

  function show(): void {
    if (theme === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = theme;
    button.textContent = WORDS[theme];
  }

  button.addEventListener("click", () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? "system";
    localStorage.setItem(ITEM, theme);
    show();
  });
  show();
}
