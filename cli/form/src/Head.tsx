// The head of a screen: its title, its step, and the way back.
import { Anchor, Group, Text, Title } from "@mantine/core";
import { useEffect, useRef } from "react";

import { addressOf } from "./address";
import { useMessages } from "./messages";

interface HeadProps {
  title: string;
  step: number;
  back?: boolean;
}

/** The head of a screen. It takes the focus, so that a screen reader announces the screen. */
export function Head({ title, step, back }: HeadProps) {
  const messages = useMessages();
  const head = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = title;
    if (window.location.hash !== "") head.current?.focus({ preventScroll: true });
  }, [title]);
  return (
    <header>
      <Group justify="space-between" mb={4}>
        <Text size="sm" c="dimmed">
          {messages.step(step, 2)}
        </Text>
        {back && (
          <Anchor href={addressOf("")} size="sm" c="var(--strong)" underline="always">
            {messages.chooseAnotherVendor}
          </Anchor>
        )}
      </Group>
      <Title
        order={1}
        fz={{ base: "h2", sm: "h1" }}
        tabIndex={-1}
        ref={head}
        style={{ outline: "none" }}
      >
        {title}
      </Title>
    </header>
  );
}
