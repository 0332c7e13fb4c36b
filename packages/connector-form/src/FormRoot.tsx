// The contents of the shadow root: the theme, the texts, the client, and the form within them.
import { MantineProvider, type MantineColorSchemeManager } from "@mantine/core";
import { useLayoutEffect, useMemo, useRef, useSyncExternalStore } from "react";

import { ConnectionProvider } from "./call";
import { messagesFor } from "./messages";
import { Overlay } from "./Overlay";
import type { ColorScheme, FormEvents, FormSettings } from "./settings";
import { MessagesProvider } from "./texts";
import { ROOT, THEME } from "./theme";

/** The theme would keep the colour scheme in the storage of the page. */
const NO_STORAGE: MantineColorSchemeManager = {
  get: (scheme) => scheme,
  set: () => undefined,
  subscribe: () => undefined,
  unsubscribe: () => undefined,
  clear: () => undefined,
};

const DARK = "(prefers-color-scheme: dark)";

function subscribe(changed: () => void): () => void {
  const media = window.matchMedia(DARK);
  media.addEventListener("change", changed);
  return () => media.removeEventListener("change", changed);
}

function useColorScheme(wanted: FormSettings["colorScheme"]): ColorScheme {
  const isDark = useSyncExternalStore(subscribe, () => window.matchMedia(DARK).matches);
  if (wanted === "light" || wanted === "dark") return wanted;
  return isDark ? "dark" : "light";
}

export function FormRoot(props: FormSettings & FormEvents) {
  const { client, vendor, saved, locales, colorScheme, backCloses } = props;
  const { onSaved, onChecked, onClose } = props;
  const root = useRef<HTMLDivElement>(null);
  const scheme = useColorScheme(colorScheme);
  const languages = (locales ?? navigator.languages).join();
  const connection = useMemo(
    () => ({ client, locales: languages.split(",") }),
    [client, languages],
  );
  const messages = useMemo(
    () => ({ ...messagesFor(languages.split(",")), ...props.messages }),
    [languages, props.messages],
  );

  // The theme measures in `rem`, the page's font size. The form has its own.
  useLayoutEffect(() => {
    if (!root.current) return;
    const sizeOf = (element: Element) => parseFloat(getComputedStyle(element).fontSize);
    const scale = sizeOf(root.current) / sizeOf(document.documentElement);
    root.current.style.setProperty("--mantine-scale", String(scale));
  }, []);
  return (
    <div
      ref={root}
      className={ROOT}
      lang={messages.locale}
      data-mantine-color-scheme={scheme}
    >
      <MantineProvider
        theme={THEME}
        forceColorScheme={scheme}
        colorSchemeManager={NO_STORAGE}
        getRootElement={() => root.current ?? undefined}
        withCssVariables={false}
        withGlobalClasses={false}
      >
        <MessagesProvider value={messages}>
          <ConnectionProvider value={connection}>
            <Overlay
              vendor={vendor}
              saved={saved}
              backCloses={backCloses ?? false}
              onSaved={onSaved}
              onChecked={onChecked}
              onClose={onClose}
            />
          </ConnectionProvider>
        </MessagesProvider>
      </MantineProvider>
    </div>
  );
}
