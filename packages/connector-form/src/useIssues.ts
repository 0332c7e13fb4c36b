// The problems of the entered values. The plugin finds them; line breaks are found here, since they
// are lost in the inputs.
import type { RJSFSchema } from "@rjsf/utils";
import { useEffect, useMemo, useState } from "react";

import { useClient } from "./call";
import { same } from "./choices";
import type { Draft, Fields, Issue } from "./client";
import { lineBreaks } from "./lines";

/** The pause in typing after which the fields are checked again. */
const RECHECK_MS = 300;

/** Whether the issue is about values that do not go together. */
function isConflict({ code }: Issue): boolean {
  return code === "not-combinable";
}

export interface Issues {
  /** Those to show. */
  all: Issue[];
  /** All problems of a draft, which are shown from now on. */
  find(draft: Draft, data: Fields): Promise<Issue[]>;
  /** Shows these issues in place of the plugin's. */
  show(issues: Issue[]): void;
}

/**
 * Values that do not go together are reported as they are chosen, and line breaks as they are
 * pasted. All other issues wait until `isTried`, the first attempt to save, and go as soon as they
 * are solved.
 */
export function useIssues(
  schema: RJSFSchema,
  data: Fields,
  pristine: Fields,
  isTried: boolean,
  draft: (data: Fields) => Draft,
): Issues {
  const { client, call } = useClient();
  const [found, setFound] = useState<Issue[]>([]);

  useEffect(() => {
    if (!isTried && same(data, pristine)) return;
    let isCurrent = true;
    const timer = setTimeout(() => {
      // On a failure the shown issues stay; Save validates again.
      client.validate(draft(data), call()).then(
        ({ issues }) => isCurrent && setFound(isTried ? issues : issues.filter(isConflict)),
        () => undefined,
      );
    }, RECHECK_MS);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
    // The draft follows from the values.
  }, [data, isTried]);

  const all = useMemo(() => withLineBreaks(schema, data, found), [schema, data, found]);
  const find = async (draft: Draft, data: Fields) => {
    const { issues } = await client.validate(draft, call());
    setFound(issues);
    return withLineBreaks(schema, data, issues);
  };
  return { all, find, show: setFound };
}

/** A line break is named as such, whatever the plugin calls it. */
function withLineBreaks(schema: RJSFSchema, data: Fields, issues: Issue[]): Issue[] {
  const breaks = lineBreaks(schema, data);
  const others = issues.filter(
    (issue) => !breaks.some(({ pointer }) => pointer === issue.pointer),
  );
  return [...breaks, ...others];
}
