// The path through the page: choose the vendor, then a credential of it. The address holds the
// vendor, so that reloading and going back work.
import { Alert, Container, Loader, SimpleGrid, Text, Title } from "@mantine/core";
import { reasonOf, type Vendor } from "connector-form";
import { useEffect, useState } from "react";

import { addressOf, route, takeToken } from "./address";
import { api } from "./api";
import { Authenticate } from "./Authenticate";
import { Head } from "./Head";
import { useMessages } from "./messages";

function useRoute(): string {
  const [now, setNow] = useState(route);
  useEffect(() => {
    const changed = () => {
      // The link of another run of the program, opened in this tab.
      if (takeToken()) window.location.reload();
      setNow(route());
    };
    window.addEventListener("hashchange", changed);
    return () => window.removeEventListener("hashchange", changed);
  }, []);
  return now;
}

export function App() {
  const messages = useMessages();
  const [vendors, setVendors] = useState<Vendor[]>();
  const [problem, setProblem] = useState<string>();
  const current = useRoute();
  const vendor = vendors?.find(({ id }) => id === current);

  useEffect(() => {
    api.vendors().then(setVendors, (error: unknown) =>
      setProblem(messages.reason(reasonOf(error), "", [])),
    );
  }, [messages]);

  return (
    <main>
      {/* Not a banner: an overlay has one of its own. */}
      <div className="product">
        <img src="/icon.svg" alt="" width={24} height={24} />
        {messages.product}
      </div>
      <Container size="md" py={{ base: "md", sm: "xl" }}>
        {problem && (
          <>
            <Title order={1} size="h2" mb="md">
              {messages.pageFailed}
            </Title>
            <Alert color="red" role="alert">
              {problem}
            </Alert>
          </>
        )}
        {!vendors && !problem && <Loader aria-label={messages.loading} />}
        {vendors && !vendor && <ChooseVendor vendors={vendors} />}
        {vendor && <Authenticate key={vendor.id} vendor={vendor} />}
      </Container>
    </main>
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
            href={addressOf(id)}
            style={{ textDecoration: "none" }}
          >
            {icon ? (
              <img src={icon} alt="" height={32} className="icon" />
            ) : (
              <span className="monogram" aria-hidden="true">
                {Array.from(name)[0]?.toUpperCase()}
              </span>
            )}
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
