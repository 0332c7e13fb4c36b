// The link to the vendor's page on which people create the credential. Nothing if the plugin
// declares none, or one that is not safe to open.
import { Anchor, type AnchorProps } from "@mantine/core";

import { safeLink, type Vendor } from "connector-form";
import { useMessages } from "./messages";

export function SetupLink({ vendor, ...style }: { vendor: Vendor } & AnchorProps) {
  const messages = useMessages();
  const link = safeLink(vendor.setup_url);
  if (!link) return null;
  return (
    <Anchor
      href={link}
      target="_blank"
      rel="noopener noreferrer"
      c="var(--strong)"
      underline="always"
      size="sm"
      {...style}
    >
      {messages.howToCreate(vendor.name)}
    </Anchor>
  );
}
