// The question before entered values are discarded.
import { Button, Text } from "@mantine/core";
import { useEffect, useRef } from "react";

import { Dialog } from "./Dialog";
import { useMessages } from "./texts";

interface Props {
  onKeep: () => void;
  onDiscard: () => void;
}

export function Discard({ onKeep, onDiscard }: Props) {
  const messages = useMessages();
  const keep = useRef<HTMLButtonElement>(null);
  useEffect(() => keep.current?.focus(), []);
  return (
    <Dialog title={messages.discardTitle} className="dialog question" onLeave={onKeep}>
      <Text>{messages.discardWarning}</Text>
      <div className="buttons">
        <Button ref={keep} variant="default" onClick={onKeep}>
          {messages.keepEditing}
        </Button>
        <Button color="red.9" onClick={onDiscard}>
          {messages.discard}
        </Button>
      </div>
    </Dialog>
  );
}
