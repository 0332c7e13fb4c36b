// The path through the page: choose the vendor, then a credential of it. The address keeps the vendor, so that reloading and going back work.
import { Alert, Anchor, Container, Group, Loader, SimpleGrid, Text, Title } from "@mantine/core";
import { useEffect, useRef, useState } from "react";

import { api, reasonOf, type Vendor } from "./api";
import { Authenticate } from "./Authenticate";
import { words } from "./words";

const NOBODY: Vendor = { id: "", display_name: "The vendor", setup_url: "" };

function useHash(): string {
  const read = () => {
    try {
      return decodeURIComponent(window.location.hash.replace(/^#\/?/, ""));
    } catch {
      return ""; // An address that nobody made here.
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
  const [vendors, setVendors] = useState<Vendor[]>();
  const [problem, setProblem] = useState<string>();
  const hash = useHash();
  const vendor = vendors?.find(({ id }) => id === hash);

  useEffect(() => {
    api.vendors().then(setVendors, (error: unknown) => setProblem(words(reasonOf(error), NOBODY, [])));
  }, []);

  return (
    <Container component="main" size="md" py={{ base: "md", sm: "xl" }}>
      {problem && (
        <Alert color="red" role="alert" title="The page cannot be shown">
          {problem}
        </Alert>
      )}
      {!vendors && !problem && <Loader aria-label="loading" />}
      {vendors && !vendor && <ChooseVendor vendors={vendors} />}
      {vendor && <Authenticate key={vendor.id} vendor={vendor} />}
    </Container>
  );
}

/** The head of a screen, which takes the focus so that a screen reader says where one is. */
export function Head({ title, step, back }: { title: string; step: string; back?: boolean }) {
  const head = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = title;
    if (window.location.hash !== "") head.current?.focus({ preventScroll: true });
  }, [title]);
  return (
    <header>
      <Group justify="space-between" mb={4}>
        <Text size="sm" c="dimmed">
          {step}
        </Text>
        {back && (
          <Anchor href="#/" size="sm" c="var(--strong)" underline="always">
            Choose another vendor
          </Anchor>
        )}
      </Group>
      <Title order={1} fz={{ base: "h2", sm: "h1" }} tabIndex={-1} ref={head} style={{ outline: "none" }}>
        {title}
      </Title>
    </header>
  );
}

function ChooseVendor({ vendors }: { vendors: Vendor[] }) {
  return (
    <>
      <Head title="Choose a vendor" step="Step 1 of 2" />
      <Text c="dimmed" mt="xs" mb="lg">
        Whose data do you want to connect? The next step keeps and checks the credentials for it.
      </Text>
      <SimpleGrid cols={{ base: 1, xs: 2, sm: 3 }}>
        {vendors.map(({ id, display_name }) => (
          <a key={id} className="tile" href={`#/${encodeURIComponent(id)}`} style={{ textDecoration: "none" }}>
            <Text component="span" fw={650} size="lg">
              {display_name}
            </Text>
            <Text component="span" size="sm" c="dimmed">
              Add or choose a credential
            </Text>
          </a>
        ))}
      </SimpleGrid>
    </>
  );
}
