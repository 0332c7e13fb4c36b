// The result of a successful check, in sentences.
import { Alert, List, Text } from "@mantine/core";
import type { RJSFSchema } from "@rjsf/utils";
import type { ReactNode } from "react";

import { offersOf, unreached } from "./choices";
import type { Access, Fields, Vendor } from "./client";
import { choiceTitle } from "./drawing";
import { credentialExpiry } from "./messages";
import { optionsOf } from "./schema";
import { useMessages } from "./texts";

interface FoundProps {
  access: Access;
  /** The fields that the check set. */
  set: Fields;
  schema: RJSFSchema;
  data: Fields;
  vendor: Vendor;
  /** Shown if entered values are out of reach. */
  children: ReactNode;
}

/** What a check found. */
export function Found({ access, set, schema, data, vendor, children }: FoundProps) {
  const messages = useMessages();
  const offers = offersOf(schema, access);
  const missing = unreached(schema, access, data);
  const changes = missing.filter(({ entered }) => entered.length > 0);
  const facts = [
    access.identity && messages.belongsTo(access.identity),
    ...offers.flatMap(({ name, field, choices, only }) => {
      const title = field.title ?? name;
      const options = optionsOf(field);
      if (only && name in set) {
        const own = options.find(({ value }) => value === only.value);
        return [messages.fieldSet(title, own?.title ?? choiceTitle(only))];
      }
      const isNew = options.length === 0 && choices.length > 1;
      return isNew ? [messages.fieldChoices(title, choices.length)] : [];
    }),
    ...missing.map(({ field, titles }) => messages.fieldUnreached(field, titles)),
    access.credential_expires_at && credentialExpiry(access.credential_expires_at, messages),
  ].filter((fact): fact is string => Boolean(fact));
  return (
    <Alert
      color={changes.length > 0 ? "yellow" : "teal"}
      mt="md"
      title={messages.accepted(vendor.name)}
    >
      {facts.length > 0 && (
        <List size="sm">
          {facts.map((fact) => (
            <List.Item key={fact}>{fact}</List.Item>
          ))}
        </List>
      )}
      {changes.map(({ field, entered }) => (
        <Text key={field} size="sm" fw={650} mt="xs">
          {messages.changeField(field, entered)}
        </Text>
      ))}
      {Object.keys(set).length > 0 && (
        <Text size="sm" fw={650} mt="xs">
          {messages.reviewAndSave}
        </Text>
      )}
      {changes.length > 0 && children}
    </Alert>
  );
}
