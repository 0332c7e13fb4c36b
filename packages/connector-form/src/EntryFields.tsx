// The name and the description of a credential, by which people find it and use it well. They
// belong to the page and not to the vendor.
import { Textarea, TextInput } from "@mantine/core";
import { useEffect, useRef } from "react";

import type { Issue } from "./client";
import { useMessages } from "./texts";

/** The limits of the store. */
const MAX_NAME_CHARS = 100;
const MAX_DESCRIPTION_CHARS = 2000;

export interface EntryTexts {
  name: string;
  description: string;
}

interface Props {
  texts: EntryTexts;
  issues: Issue[];
  onChange: (change: Partial<EntryTexts>) => void;
}

export function EntryFields({ texts, issues, onChange }: Props) {
  const messages = useMessages();
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), []);
  const problemOf = (field: keyof EntryTexts) => {
    const issue = issues.find(({ pointer }) => pointer === `/${field}`);
    return issue && messages.entry(issue);
  };
  return (
    <>
      <TextInput
        ref={first}
        label={messages.name}
        required
        dir="auto"
        maxLength={MAX_NAME_CHARS}
        value={texts.name}
        error={problemOf("name")}
        onChange={(event) => onChange({ name: event.currentTarget.value })}
      />
      <Textarea
        mt="sm"
        label={messages.description}
        description={messages.descriptionHelp}
        dir="auto"
        rows={2}
        maxLength={MAX_DESCRIPTION_CHARS}
        value={texts.description}
        error={problemOf("description")}
        onChange={(event) => onChange({ description: event.currentTarget.value })}
      />
    </>
  );
}
