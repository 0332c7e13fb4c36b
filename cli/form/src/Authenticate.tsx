// The Authenticate screen of one vendor: a tile for each saved credential, one to add another, and
// the details of the chosen credential.
import { Alert, Button, Group, List, Loader, Modal, SimpleGrid, Text } from "@mantine/core";
import type { RJSFSchema } from "@rjsf/utils";
import { useCallback, useEffect, useRef, useState } from "react";

import { api, reasonOf, type Access, type Saved, type Vendor } from "./api";
import { Head } from "./App";
import { accountTitle } from "./choices";
import { CredentialDetails } from "./CredentialDetails";
import { useMessages } from "./messages";
import { Overlay } from "./Overlay";
import { secretTitles } from "./schema";

type Open = { kind: "add" } | { kind: "edit"; saved: Saved } | { kind: "remove"; saved: Saved };

export function Authenticate({ vendor }: { vendor: Vendor }) {
  const messages = useMessages();
  const [schema, setSchema] = useState<RJSFSchema>();
  const [saved, setSaved] = useState<Saved[]>();
  const [chosen, setChosen] = useState<number>();
  const [open, setOpen] = useState<Open>();
  const [problem, setProblem] = useState<string>();
  const [status, setStatus] = useState("");
  const [known, setKnown] = useState<{ [id: number]: Access | undefined }>({});
  const add = useRef<HTMLButtonElement>(null);

  const fail = useCallback(
    (error: unknown) => {
      const secrets = schema ? secretTitles(schema) : [];
      setProblem(messages.reason(reasonOf(error), vendor.name, secrets));
    },
    [vendor, schema, messages],
  );
  const load = useCallback(async () => {
    const all = await api.credentials();
    setSaved(all.filter((one) => one.vendor === vendor.id));
  }, [vendor]);

  useEffect(() => {
    const loaded = api.schema(vendor.id).then((json) => setSchema(json as RJSFSchema));
    Promise.all([loaded, load()]).catch((error: unknown) =>
      setProblem(messages.reason(reasonOf(error), vendor.name, [])),
    );
  }, [vendor, load, messages]);

  const learn = useCallback((id: number, access: Access | undefined) => {
    setKnown((now) => ({ ...now, [id]: access }));
  }, []);

  const reload = useCallback(() => void load().catch(fail), [load, fail]);

  const wasSaved = async (one: Saved, access: Access | undefined) => {
    setOpen(undefined);
    setChosen(undefined);
    setStatus(messages.saved(one.name));
    learn(one.id, access);
    await load().catch(fail);
    // The overlay returns the focus to the element that opened it; the new tile is a better place.
    setTimeout(() => document.getElementById(`tile-${one.id}`)?.focus(), 50);
  };

  const remove = async (one: Saved) => {
    try {
      await api.remove(one.id);
      setStatus(messages.deleted(one.name));
      setChosen(undefined);
      await load();
    } catch (error) {
      fail(error);
    }
    setOpen(undefined);
    setTimeout(() => add.current?.focus(), 50);
  };

  const choose = (one: Saved) => {
    setChosen(one.id);
    setStatus("");
    setProblem(undefined);
  };

  const prerequisites = vendor.prerequisites ?? [];
  const current = saved?.find(({ id }) => id === chosen);
  return (
    <>
      <Head title={messages.authenticateWith(vendor.name)} step={2} back />
      <Text c="dimmed" mt="xs" mb={prerequisites.length > 0 ? "xs" : "lg"}>
        {messages.chooseCredential}
      </Text>
      {prerequisites.length > 0 && (
        <List size="sm" c="dimmed" mb="lg" aria-label={messages.prerequisites}>
          {prerequisites.map((prerequisite) => (
            <List.Item key={prerequisite}>{prerequisite}</List.Item>
          ))}
        </List>
      )}
      {problem && (
        <Alert color="red" role="alert" mb="md" title={messages.failed}>
          {problem}
        </Alert>
      )}
      {!saved && !problem && <Loader aria-label={messages.loading} />}
      {saved && schema && (
        <>
          <SimpleGrid
            cols={{ base: 1, xs: 2, sm: 3 }}
            role="group"
            aria-label={messages.credentials}
          >
            {saved.map((one) => (
              <Tile
                key={one.id}
                saved={one}
                schema={schema}
                access={known[one.id]}
                isChosen={one.id === chosen}
                onChoose={() => choose(one)}
              />
            ))}
            <button
              ref={add}
              type="button"
              className="tile add"
              onClick={() => setOpen({ kind: "add" })}
            >
              <span aria-hidden="true" style={{ fontSize: "1.75rem", lineHeight: 1 }}>
                +
              </span>
              {messages.addCredential}
            </button>
          </SimpleGrid>
          {current && (
            <CredentialDetails
              key={`${current.id} ${current.updated_at}`}
              saved={current}
              vendor={vendor}
              schema={schema}
              access={known[current.id]}
              onAccess={learn}
              onSignIn={reload}
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
              onSaved={(one, access) => void wasSaved(one, access)}
            />
          )}
          <Modal
            opened={open?.kind === "remove"}
            onClose={() => setOpen(undefined)}
            title={messages.deleteTitle}
            centered
            closeButtonProps={{ "aria-label": messages.close }}
          >
            {open?.kind === "remove" && (
              <>
                <Text>{messages.deleteWarning(open.saved.name, vendor.name)}</Text>
                <Group justify="flex-end" mt="lg">
                  <Button variant="default" onClick={() => setOpen(undefined)} data-autofocus>
                    {messages.keepIt}
                  </Button>
                  <Button color="red.9" onClick={() => void remove(open.saved)}>
                    {messages.delete}
                  </Button>
                </Group>
              </>
            )}
          </Modal>
        </>
      )}
      <Text role="status" size="sm" c="dimmed" mt="md" mih="1.5em">
        {status}
      </Text>
    </>
  );
}

interface TileProps {
  saved: Saved;
  schema: RJSFSchema;
  /** The access of the credential, once it is known. */
  access: Access | undefined;
  isChosen: boolean;
  onChoose: () => void;
}

function Tile({ saved, schema, access, isChosen, onChoose }: TileProps) {
  const messages = useMessages();
  const date = new Date(saved.updated_at);
  const holder = holderOf(saved, schema, access);
  return (
    <button
      id={`tile-${saved.id}`}
      type="button"
      className="tile"
      aria-pressed={isChosen}
      onClick={onChoose}
    >
      <Text component="span" fw={650}>
        {saved.name}
      </Text>
      {saved.description && (
        <Text component="span" size="sm" className="clamp">
          {saved.description}
        </Text>
      )}
      {holder && (
        <Text component="span" size="sm" className="clamp">
          {holder}
        </Text>
      )}
      <span className="tile-foot">
        <State saved={saved} access={access} />
        <Text component="span" size="xs" c="dimmed">
          {messages.savedOn(date.toLocaleDateString(messages.locale, { dateStyle: "medium" }))}
        </Text>
      </span>
    </button>
  );
}

/** Whose credential it is: the vendor's name for its holder or account. */
function holderOf(saved: Saved, schema: RJSFSchema, access: Access | undefined) {
  const { identity, account, account_title: title } = saved.check ?? {};
  if (access?.identity ?? identity) return access?.identity ?? identity;
  if (account === undefined) return undefined;
  const name = title ?? accountTitle(schema, access, account);
  return name === undefined || name === account ? account : `${name} (${account})`;
}

/** Whether the vendor accepted the credential, as a word and a colour. */
function State({ saved, access }: { saved: Saved; access: Access | undefined }) {
  const messages = useMessages();
  // A check in the overlay is as good as a sign-in.
  const works = saved.check?.works ?? (access ? true : undefined);
  const [state, word] =
    works === undefined
      ? ["unknown", messages.notChecked]
      : works
        ? ["works", messages.works]
        : ["refused", messages.refused];
  return (
    <span className="state" data-state={state}>
      {word}
    </span>
  );
}
