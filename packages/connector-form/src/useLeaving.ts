// The ways out of the form, with a question if entered values would be lost.
import { useState } from "react";

import { useBack, useReloadGuard } from "./leave";

export interface Leaving {
  /** Whether the question is open. */
  isAsking: boolean;
  /** Goes there, or asks first; returns whether it went. */
  leave(go: () => void): boolean;
  /** The answers to the question. */
  stay(): void;
  discard(): void;
}

export function useLeaving(isEdited: boolean, backCloses: boolean, onClose: () => void): Leaving {
  const [next, setNext] = useState<() => void>();
  const leave = (go: () => void) => {
    if (!isEdited) go();
    else setNext((now) => now ?? (() => go()));
    return !isEdited;
  };
  useBack(backCloses, () => leave(onClose));
  useReloadGuard(isEdited);
  return {
    isAsking: next !== undefined,
    leave,
    stay: () => setNext(undefined),
    discard: () => next?.(),
  };
}
