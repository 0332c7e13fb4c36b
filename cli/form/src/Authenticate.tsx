// The Authenticate screen of one vendor: a tile for each saved credential, one to add another, and what the chosen one reaches.
import { Alert, Button, Group, Loader, Modal, SimpleGrid, Text } from "@mantine/core";
import type { RJSFSchema } from "@rjsf/utils";
import { useCallback, useEffect, useRef, useState } from "react";

import { api, reasonOf, type Saved, type Vendor } from "./api";
import { Head } from "./App";
import { Chosen } from "./Chosen";
import { Overlay } from "./Overlay";
import { secretTitles } from "./schema";
import { words } from "./words";

type Open = { kind: "add" } | { kind: "edit"; saved: Saved } | { kind: "remove"; saved: Saved };

export function Authenticate({ vendor }: { vendor: Vendor }) {
  const [schema, setSchema] = useState<RJSFSchema>();
  const [saved, setSaved] = useState<Saved[]>();
  const [chosen, setChosen] = useState<number>();
  const [open, setOpen] = useState<Open>();
  const [problem, setProblem] = useState<string>();
  const [told, setTold] = useState("");
  const add = useRef<HTMLButtonElement>(null);

  const fail = useCallback(
    (error: unknown) => setProblem(words(reasonOf(error), vendor, schema ? secretTitles(schema) : [])),
    [vendor, schema],
  );
  const load = useCallback(async () => {
    const all = await api.credentials();
    setSaved(all.filter((one) => one.vendor === vendor.id));
  }, [vendor]);

  useEffect(() => {
    Promise.all([api.schema(vendor.id).then((json) => setSchema(json as RJSFSchema)), load()]).catch((error: unknown) =>
      setProblem(words(reasonOf(error), vendor, [])),
    );
  }, [vendor, load]);

  const wasSaved = async (one: Saved) => {
    setOpen(undefined);
    setChosen(undefined);
    setTold(`${one.name} is saved.`);
    await load().catch(fail);
    // The overlay gives the focus back to where it was opened; the new tile is the better place.
    setTimeout(() => document.getElementById(`tile-${one.id}`)?.focus(), 50);
  };

  const remove = async (one: Saved) => {
    try {
      await api.remove(one.id);
      setTold(`${one.name} is deleted.`);
      setChosen(undefined);
      await load();
    } catch (error) {
      fail(error);
    }
    setOpen(undefined);
    setTimeout(() => add.current?.focus(), 50);
  };

  const current = saved?.find(({ id }) => id === chosen);
  return (
    <>
      <Head title={`Authenticate with ${vendor.display_name}`} step="Step 2 of 2" back />
      <Text c="dimmed" mt="xs" mb="lg">
        Choose a credential, or add one.
      </Text>
      {problem && (
        <Alert color="red" role="alert" mb="md" title="That did not work">
          {problem}
        </Alert>
      )}
      {!saved && !problem && <Loader aria-label="loading" />}
      {saved && schema && (
        <>
          <SimpleGrid cols={{ base: 1, xs: 2, sm: 3 }} role="group" aria-label="Credentials">
            {saved.map((one) => (
              <button
                key={one.id}
                id={`tile-${one.id}`}
                type="button"
                className="tile"
                aria-pressed={one.id === chosen}
                onClick={() => {
                  setChosen(one.id);
                  setTold("");
                  setProblem(undefined);
                }}
              >
                <Text component="span" fw={650}>
                  {one.name}
                </Text>
                {one.description && (
                  <Text component="span" size="sm" className="clamp">
                    {one.description}
                  </Text>
                )}
                <Text component="span" size="xs" c="dimmed" mt="auto">
                  Saved {new Date(one.updated_at).toLocaleDateString(undefined, { dateStyle: "medium" })}
                </Text>
              </button>
            ))}
            <button ref={add} type="button" className="tile add" onClick={() => setOpen({ kind: "add" })}>
              <span aria-hidden="true" style={{ fontSize: "1.75rem", lineHeight: 1 }}>
                +
              </span>
              Add Credential
            </button>
          </SimpleGrid>
          {current && (
            <Chosen
              key={`${current.id} ${current.updated_at}`}
              saved={current}
              vendor={vendor}
              schema={schema}
              onEdit={() => setOpen({ kind: "edit", saved: current })}
              onRemove={() => setOpen({ kind: "remove", saved: current })}
            />
          )}
          {open && open.kind !== "remove" && (
            <Overlay
              vendor={vendor}
              schema={schema}
              saved={open.kind === "edit" ? open.saved : undefined}
              onClose={() => setOpen(undefined)}
              onSaved={(one) => void wasSaved(one)}
            />
          )}
          <Modal
            opened={open?.kind === "remove"}
            onClose={() => setOpen(undefined)}
            title="Delete this credential?"
            centered
            closeButtonProps={{ "aria-label": "Close" }}
          >
            {open?.kind === "remove" && (
              <>
                <Text>
                  <b>{open.saved.name}</b> and its secret are removed from this machine. At {vendor.display_name} the key stays
                  valid until it is revoked there.
                </Text>
                <Group justify="flex-end" mt="lg">
                  <Button variant="default" onClick={() => setOpen(undefined)} data-autofocus>
                    Keep it
                  </Button>
                  <Button color="red.9" onClick={() => void remove(open.saved)}>
                    Delete
                  </Button>
                </Group>
              </>
            )}
          </Modal>
        </>
      )}
      <Text role="status" size="sm" c="dimmed" mt="md" mih="1.5em">
        {told}
      </Text>
    </>
  );
}
