// A check at the vendor: its run, its result, and the changes of the values after which the result
// no longer applies.
import type { RJSFSchema } from "@rjsf/utils";
import { useEffect, useRef, useState, type RefObject } from "react";

import { useClient } from "./call";
import { afterChange, isOutOfReach, same, settled } from "./choices";
import { reasonOf, type Access, type Draft, type Fields, type Reason } from "./client";

/** The outcome of a check: the fields that it set, or why it failed. */
export type Outcome = { set: Fields } | { problem: Reason };

/** What follows from a check: save, let a person review what was set, or correct the form. */
export type Verdict =
  | { kind: "accepted" | "review"; access: Access; set: Fields }
  | { kind: "unsaved" | "stopped" }
  | { kind: "failed"; reason: Reason };

export interface Check {
  access: Access | undefined;
  outcome: Outcome | undefined;
  isRunning: boolean;
  /** Checks a draft of these values. */
  run(draft: Draft, sent: Fields): Promise<Verdict>;
  stop(): void;
  /** Drops what a change of the values makes stale. */
  changed(before: Fields, after: Fields): void;
  /** Shows that the check failed for this reason. */
  fail(reason: Reason): void;
  clear(): void;
  /** Whether the result is about these values, and leaves nothing to change. */
  covers(data: Fields): boolean;
}

/** `latest` holds the entered values, which may change during a check. */
export function useCheck(schema: RJSFSchema, latest: RefObject<Fields>): Check {
  const { client, call } = useClient();
  const [access, setAccess] = useState<Access>();
  const [outcome, setOutcome] = useState<Outcome>();
  const [stopper, setStopper] = useState<AbortController>();

  // A check ends with the form.
  const running = useRef(stopper);
  running.current = stopper;
  useEffect(() => () => running.current?.abort(), []);

  const clear = () => {
    setAccess(undefined);
    setOutcome(undefined);
  };

  const run = async (draft: Draft, sent: Fields): Promise<Verdict> => {
    const stop = new AbortController();
    setStopper(stop);
    try {
      const found = await client.inspect(draft, { ...call(), signal: stop.signal });
      if (stop.signal.aborted) return { kind: "stopped" };
      // The answer is about the document that was sent, which may have changed meanwhile.
      const remaining = afterChange(schema, found, sent, latest.current);
      const set = settled(schema, remaining.access, latest.current);
      setAccess(remaining.access);
      setOutcome(remaining.current ? { set } : undefined);
      const isSame = same(sent, latest.current) && Object.keys(set).length === 0;
      const isDone = isSame && !isOutOfReach(schema, remaining.access, sent);
      return { kind: isDone ? "accepted" : "review", access: remaining.access, set };
    } catch (error) {
      clear();
      if (stop.signal.aborted) return { kind: "stopped" };
      const reason = reasonOf(error);
      if (reason.kind === "unsaved") return { kind: "unsaved" };
      if (reason.kind !== "invalid-credential") setOutcome({ problem: reason });
      return { kind: "failed", reason };
    } finally {
      setStopper(undefined);
    }
  };

  const changed = (before: Fields, after: Fields) => {
    if (!access) {
      // A failed check was about the previous document.
      setOutcome(undefined);
      return;
    }
    const remaining = afterChange(schema, access, before, after);
    setAccess(remaining.access);
    if (!remaining.current) setOutcome(undefined);
  };

  return {
    access,
    outcome,
    isRunning: stopper !== undefined,
    run,
    stop: () => stopper?.abort(),
    changed,
    fail: (problem) => setOutcome({ problem }),
    clear,
    covers: (data) =>
      outcome !== undefined && "set" in outcome && !isOutOfReach(schema, access, data),
  };
}
