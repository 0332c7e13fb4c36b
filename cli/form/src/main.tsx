// Starts the page: the language, the theme with sufficient contrast, and the nonce that the content
// security policy requires of the theme's style elements.
import "./mantine.css";
import "./page.css";

import { createTheme, MantineProvider, type CSSVariablesResolver } from "@mantine/core";
import { setNonce } from "get-nonce";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { takeToken } from "./address";
import { App } from "./App";
import { messagesFor, MessagesProvider } from "./messages";

const nonce = document.querySelector<HTMLMetaElement>("meta[name=nonce]")?.content ?? "";
setNonce(nonce);

takeToken();

const messages = messagesFor(navigator.languages);
document.documentElement.lang = messages.locale;

const theme = createTheme({
  primaryColor: "indigo",
  primaryShade: { light: 8, dark: 8 },
  defaultRadius: "md",
  fontFamily: "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif",
  headings: { fontFamily: "inherit", fontWeight: "650" },
  cursorType: "pointer",
});

/** The theme's greys and reds have too little contrast for small text (WCAG 2.2, 1.4.3). */
const contrast: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-dimmed": "#495057",
    "--mantine-color-error": "#b02525",
    "--mantine-color-placeholder": "#5c636a",
    "--mantine-color-body": "#ffffff",
    "--page": "#f5f6fa",
    "--line": "#d5d9e2",
    "--strong": "#364fc7",
    "--works": "#0b6e4f",
    // The titles of alerts.
    "--mantine-color-teal-light-color": "#065f46",
    "--mantine-color-red-light-color": "#9b1c1c",
    "--mantine-color-yellow-light-color": "#6b4100",
  },
  dark: {
    "--mantine-color-dimmed": "#b8bcc2",
    "--mantine-color-error": "#ff9b9b",
    "--mantine-color-placeholder": "#a6abb3",
    "--mantine-color-body": "#20232a",
    "--page": "#16181d",
    "--line": "#3d424d",
    "--strong": "#a5b8ff",
    "--works": "#63e6be",
  },
});

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <MantineProvider
        theme={theme}
        cssVariablesResolver={contrast}
        defaultColorScheme="auto"
        getStyleNonce={() => nonce}
      >
        <MessagesProvider value={messages}>
          <App />
        </MessagesProvider>
      </MantineProvider>
    </StrictMode>,
  );
}
