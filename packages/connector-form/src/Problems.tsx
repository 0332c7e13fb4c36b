// Why a check failed, or why the credential was not saved.
import { Alert, Button, Text } from "@mantine/core";
import type { RJSFSchema } from "@rjsf/utils";
import type { ReactNode } from "react";

import type { Issue, Reason, Vendor } from "./client";
import { secretTitles } from "./schema";
import { SetupLink } from "./SetupLink";
import { useMessages } from "./texts";
import type { Outcome } from "./useCheck";

interface Props {
  vendor: Vendor;
  schema: RJSFSchema;
  outcome: Outcome | undefined;
  /** Why the credential was not saved. */
  failure: Reason | undefined;
  /** The issues that are about no field. */
  issues: Issue[];
  anyway: ReactNode;
  onLoadSaved: (() => void) | undefined;
}

export function Problems(props: Props) {
  const { vendor, schema, outcome, failure, issues, anyway, onLoadSaved } = props;
  const messages = useMessages();
  const explain = (reason: Reason) =>
    messages.reason(reason, vendor.name, secretTitles(schema));
  return (
    <>
      {outcome && "problem" in outcome && (
        <Alert color="red" role="alert" mt="md" title={messages.checkFailed}>
          {explain(outcome.problem)} <SetupLink vendor={vendor} />
          {anyway}
        </Alert>
      )}
      {(failure || issues.length > 0) && (
        <Alert color="red" role="alert" mt="md" title={messages.notSaved}>
          {failure && explain(failure)}
          {failure?.kind === "conflict" && onLoadSaved && (
            <Button variant="default" mt="sm" display="block" onClick={onLoadSaved}>
              {messages.loadSaved}
            </Button>
          )}
          {issues.map((issue) => (
            <Text key={issue.message}>{messages.issue(issue)}</Text>
          ))}
        </Alert>
      )}
    </>
  );
}
