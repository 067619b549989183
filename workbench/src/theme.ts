// Light or dark: as the system says, or as was chosen here.

type Theme = "auto" | "light" | "dark";
const NEXT: Record<Theme, Theme> = { auto: "dark", dark: "light", light: "auto" };
const TEXT: Record<Theme, string> = { auto: "as the system", light: "light", dark: "dark" };

export function theme(): Theme {
  const kept = localStorage.getItem("theme");
  return kept === "light" || kept === "dark" ? kept : "auto";
}

export function applyTheme(): void {
  document.documentElement.dataset.theme = theme();
}

/** Go on to the next and say it in words. */
export function nextTheme(): string {
  localStorage.setItem("theme", NEXT[theme()]);
  applyTheme();
  return themeText();
}

export function themeText(): string {
  return `Colours: ${TEXT[theme()]}`;
}
