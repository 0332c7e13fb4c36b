// Ways to leave the form other than its buttons: the browser's Back and Reload.
import { useEffect, useRef } from "react";

/** The own calls of `back` whose events have not come yet. They are not a person's Back. */
let returning = 0;
let isOwn = false;
let isListening = false;

/** Before all other listeners, so that they know whose event it is. */
function listen() {
  if (isListening) return;
  isListening = true;
  window.addEventListener("popstate", () => {
    isOwn = returning > 0;
    if (isOwn) returning -= 1;
  });
}

function markOf(): unknown {
  return (window.history.state as { overlay?: unknown } | null)?.overlay;
}

/**
 * Makes Back call `onBack` while an overlay is open. `onBack` returns whether the overlay closes;
 * otherwise the next Back calls it again. It adds an entry to the history, so a page with a router
 * of its own has to allow that.
 */
export function useBack(isOpen: boolean, onBack: () => boolean) {
  const latest = useRef(onBack);
  latest.current = onBack;
  useEffect(() => {
    if (!isOpen) return;
    listen();
    // Another one each time: older entries stay in the history, also over a reload.
    const mark = window.crypto.randomUUID();
    const enter = () => window.history.pushState({ overlay: mark }, "");
    const back = () => {
      if (markOf() !== mark && (isOwn || !latest.current())) enter();
    };
    enter();
    window.addEventListener("popstate", back);
    return () => {
      window.removeEventListener("popstate", back);
      // Closed by a button: its entry goes too.
      if (markOf() !== mark) return;
      returning += 1;
      window.history.back();
    };
  }, [isOpen]);
}

/** Lets the browser ask before a reload, or before the tab is closed. */
export function useReloadGuard(isNeeded: boolean) {
  useEffect(() => {
    if (!isNeeded) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [isNeeded]);
}
