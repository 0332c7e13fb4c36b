// The look of the form: a theme of Mantine whose colours a page can replace by CSS custom
// properties. The theme's own greys and reds have too little contrast for small text (WCAG 2.2,
// 1.4.3).
import {
  convertCssVariables,
  createTheme,
  DEFAULT_THEME,
  defaultCssVariablesResolver,
  mergeMantineTheme,
} from "@mantine/core";

import type { ColorScheme } from "./settings";

/** The element of the shadow root that carries the theme. */
export const ROOT = "connector-form-root";

export const THEME = createTheme({
  primaryColor: "indigo",
  primaryShade: { light: 8, dark: 8 },
  defaultRadius: "md",
  fontFamily: "var(--font)",
  headings: { fontFamily: "inherit", fontWeight: "650" },
  cursorType: "pointer",
  components: {
    // The list of choices stays within the dialog, which covers the rest of the page.
    Popover: { defaultProps: { withinPortal: false } },
  },
});

const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif";

type Variables = Record<string, string>;

/** A property of the page, or else this value. */
const own = (name: string, value: string) => `var(--connector-form-${name}, ${value})`;

const SHARED: Variables = {
  "--font": own("font", FONT),
  "--mantine-radius-default": own("radius", "0.5em"),
  "--primary-text": own("primary-text", "#ffffff"),
};

const COLORS: Record<ColorScheme, Variables> = {
  light: {
    "--mantine-color-scheme": "light",
    "--mantine-color-body": own("background", "#ffffff"),
    "--mantine-color-text": own("text", "#1f2328"),
    "--mantine-color-dimmed": own("muted", "#495057"),
    "--mantine-color-error": own("error", "#b02525"),
    "--mantine-color-placeholder": own("muted", "#5c636a"),
    "--field": own("field", "#ffffff"),
    "--line": own("line", "#d5d9e2"),
    "--strong": own("link", "#364fc7"),
    "--mantine-color-indigo-filled": own("primary", "#3b5bdb"),
    "--mantine-color-indigo-filled-hover": own("primary-hover", "#364fc7"),
    // The titles of alerts.
    "--mantine-color-teal-light-color": "#065f46",
    "--mantine-color-red-light-color": "#9b1c1c",
    "--mantine-color-yellow-light-color": "#6b4100",
  },
  dark: {
    "--mantine-color-scheme": "dark",
    "--mantine-color-body": own("background", "#20232a"),
    "--mantine-color-text": own("text", "#d6d9de"),
    "--mantine-color-dimmed": own("muted", "#b8bcc2"),
    "--mantine-color-error": own("error", "#ff9b9b"),
    "--mantine-color-placeholder": own("muted", "#a6abb3"),
    "--field": own("field", "#2b2f38"),
    "--line": own("line", "#3d424d"),
    "--strong": own("link", "#a5b8ff"),
    "--mantine-color-indigo-filled": own("primary", "#3b5bdb"),
    "--mantine-color-indigo-filled-hover": own("primary-hover", "#364fc7"),
  },
};

/** The variables of the theme as a style sheet. */
export function themeStyles(): string {
  const { variables, light, dark } = defaultCssVariablesResolver(
    mergeMantineTheme(DEFAULT_THEME, THEME),
  );
  const all = {
    variables: { ...variables, ...SHARED },
    light: { ...light, ...COLORS.light },
    dark: { ...dark, ...COLORS.dark },
  };
  return convertCssVariables(all, `.${ROOT}`);
}
