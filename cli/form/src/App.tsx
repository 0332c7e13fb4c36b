// The path through the page: choose the vendor, then a credential of it. The address holds the
// vendor, so that reloading and going back work.
import { Alert, Container, Loader, SimpleGrid, Text } from "@mantine/core";
import { useEffect, useState } from "react";

import { api, reasonOf, type Vendor } from "./api";
import { Authenticate } from "./Authenticate";
import { Head } from "./Head";
import { useMessages } from "./messages";

function useHash(): string {
  const read = () => {
    try {
      return decodeURIComponent(window.location.hash.replace(/^#\/?/, ""));
    } catch {
      return ""; // Not an address of this page.
    }
  };
  const [hash, setHash] = useState(read);
  useEffect(() => {
    const changed = () => setHash(read());
    window.addEventListener("hashchange", changed);
    return () => window.removeEventListener("hashchange", changed);
  }, []);
  return hash;
}

export function App() {
  const messages = useMessages();
  const [vendors, setVendors] = useState<Vendor[]>();
  const [problem, setProblem] = useState<string>();
  const hash = useHash();
  const vendor = vendors?.find(({ id }) => id === hash);

  useEffect(() => {
    api.vendors().then(setVendors, (error: unknown) =>
      setProblem(messages.reason(reasonOf(error), "", [])),
    );
  }, [messages]);

  return (
    <Container component="main" size="md" py={{ base: "md", sm: "xl" }}>
      {problem && (
        <Alert color="red" role="alert" title={messages.pageFailed}>
          {problem}
        </Alert>
      )}
      {!vendors && !problem && <Loader aria-label={messages.loading} />}
      {vendors && !vendor && <ChooseVendor vendors={vendors} />}
      {vendor && <Authenticate key={vendor.id} vendor={vendor} />}
    </Container>
  );
}

function ChooseVendor({ vendors }: { vendors: Vendor[] }) {
  const messages = useMessages();
  return (
    <>
      <Head title={messages.chooseVendor} step={1} />
      <Text c="dimmed" mt="xs" mb="lg">
        {messages.chooseVendorHelp}
      </Text>
      <SimpleGrid cols={{ base: 1, xs: 2, sm: 3 }}>
        {vendors.map(({ id, name, summary, icon }) => (
          <a
            key={id}
            className="tile"
            href={`#/${encodeURIComponent(id)}`}
            style={{ textDecoration: "none" }}
          >
            {icon && <img src={icon} alt="" height={32} className="icon" />}
            <Text component="span" fw={650} size="lg">
              {name}
            </Text>
            <Text component="span" size="sm" c="dimmed">
              {summary ?? messages.openVendor}
            </Text>
          </a>
        ))}
      </SimpleGrid>
    </>
  );
}
