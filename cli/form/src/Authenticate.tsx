// The Authenticate screen of one vendor: a tile to add a credential, one for each saved credential,
// and the details of the chosen one below its row.
import {
  Alert,
  Button,
  Group,
  List,
  Loader,
  Modal,
  SimpleGrid,
  Text,
  TextInput,
  Title,
} from "@mantine/core";
import {
  accountTitle,
  ConnectorForm,
  reasonOf,
  secretTitles,
  useBack,
  type Access,
  type JsonSchema,
  type Vendor,
} from "connector-form";
import { Fragment, useCallback, useEffect, useMemo, useRef, useState } from "react";

import { api, clientFor, type Saved } from "./api";
import { CredentialDetails } from "./CredentialDetails";
import { Head } from "./Head";
import { useMessages } from "./messages";
import { SetupLink } from "./SetupLink";

/** Fewer credentials are found without a search. */
const SEARCH_FROM = 7;

type Open = { kind: "add" } | { kind: "edit"; saved: Saved } | { kind: "remove"; saved: Saved };

export function Authenticate({ vendor }: { vendor: Vendor }) {
  const messages = useMessages();
  const [schema, setSchema] = useState<JsonSchema>();
  const [saved, setSaved] = useState<Saved[]>();
  const [chosen, setChosen] = useState<Saved>();
  const [query, setQuery] = useState("");
  const [open, setOpen] = useState<Open>();
  const [problem, setProblem] = useState<string>();
  const [status, setStatus] = useState("");
  const [known, setKnown] = useState<{ [id: number]: Access | undefined }>({});
  const add = useRef<HTMLButtonElement>(null);
  const client = useMemo(() => schema && clientFor(vendor, schema), [vendor, schema]);

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
  const reload = useCallback(() => void load().catch(fail), [load, fail]);

  useEffect(() => {
    const loaded = api.schema(vendor.id).then(setSchema);
    Promise.all([loaded, load()]).catch((error: unknown) =>
      setProblem(messages.reason(reasonOf(error), vendor.name, [])),
    );
  }, [vendor, load, messages]);

  // Another tab or program may have changed the credentials meanwhile.
  useEffect(() => {
    window.addEventListener("focus", reload);
    return () => window.removeEventListener("focus", reload);
  }, [reload]);

  const learn = useCallback((id: number, access: Access | undefined) => {
    setKnown((now) => ({ ...now, [id]: access }));
  }, []);

  // The element that opened an overlay gets the focus back.
  const opener = useRef<HTMLElement>(null);
  const show = (next: Open) => {
    opener.current = document.activeElement as HTMLElement | null;
    setOpen(next);
  };
  const close = () => {
    setOpen(undefined);
    reload();
  };
  useEffect(() => {
    if (open || !opener.current) return;
    (opener.current.isConnected ? opener.current : add.current)?.focus();
    opener.current = null;
  }, [open]);
  useBack(open?.kind === "remove", () => {
    close();
    return true;
  });

  // A credential that was just saved is chosen, and its tile gets the focus once it is there.
  const [added, setAdded] = useState<number>();
  useEffect(() => {
    const tile = added === undefined ? null : document.getElementById(`tile-${added}`);
    if (!tile) return;
    tile.focus({ preventScroll: true });
    setAdded(undefined);
  }, [added, saved]);

  const wasSaved = async (one: Saved, access: Access | undefined) => {
    opener.current = null;
    setOpen(undefined);
    setQuery("");
    setStatus(messages.saved(one.name));
    learn(one.id, access);
    await load().catch(fail);
    setChosen(one);
    setAdded(one.id);
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
    opener.current = add.current;
    setOpen(undefined);
  };

  const choose = (one: Saved) => {
    setChosen(one);
    setStatus("");
    setProblem(undefined);
  };

  const isGone = chosen && saved && !saved.some(({ id }) => id === chosen.id);
  useEffect(() => {
    if (!chosen || !isGone) return;
    setChosen(undefined);
    // An edit stays open, with what was typed into it.
    setOpen((now) => (now?.kind === "remove" ? undefined : now));
    setStatus(messages.deletedElsewhere(chosen.name));
  }, [chosen, isGone, messages]);

  const shown =
    schema && saved?.filter((one) => isMatch(query, one, holderOf(one, schema, known[one.id])));
  return (
    <>
      <Head title={messages.authenticateWith(vendor.name)} step={2} back />
      {saved?.length !== 0 && (
        <Text c="dimmed" mt="xs">
          {messages.chooseCredential}
        </Text>
      )}
      {problem && (
        <Alert color="red" role="alert" mb="md" title={messages.failed}>
          {problem}
        </Alert>
      )}
      <Text role="status" size="sm" c="dimmed" mb="sm" mih="1.5em">
        {query !== "" && saved && shown ? messages.found(shown.length, saved.length) : status}
      </Text>
      {!saved && !problem && <Loader aria-label={messages.loading} />}
      {saved && shown && schema && (
        <>
          {(saved.length >= SEARCH_FROM || query !== "") && (
            <TextInput
              type="search"
              label={messages.search}
              autoComplete="off"
              mb="md"
              value={query}
              onChange={(event) => setQuery(event.currentTarget.value)}
            />
          )}
          {saved.length === 0 && <None vendor={vendor} />}
          <SimpleGrid
            className="tiles"
            mt={saved.length === 0 ? "md" : undefined}
            cols={{ base: 1, xs: 2, sm: 3 }}
            role="group"
            aria-label={messages.credentials}
          >
            <button
              ref={add}
              type="button"
              className="tile add"
              onClick={() => show({ kind: "add" })}
            >
              <span aria-hidden="true" style={{ fontSize: "1.75rem", lineHeight: 1 }}>
                +
              </span>
              {messages.addCredential}
            </button>
            {shown.map((one) => (
              <Fragment key={one.id}>
                <Tile
                  saved={one}
                  schema={schema}
                  access={known[one.id]}
                  isChosen={one.id === chosen?.id}
                  onChoose={() => choose(one)}
                />
                {one.id === chosen?.id && (
                  <CredentialDetails
                    key={one.version}
                    saved={one}
                    vendor={vendor}
                    schema={schema}
                    access={known[one.id]}
                    onAccess={learn}
                    onSignIn={reload}
                    onEdit={() => show({ kind: "edit", saved: one })}
                    onRemove={() => show({ kind: "remove", saved: one })}
                  />
                )}
              </Fragment>
            ))}
          </SimpleGrid>
          {client && open && open.kind !== "remove" && (
            <ConnectorForm
              client={client}
              vendor={vendor.id}
              saved={open.kind === "edit" ? open.saved : undefined}
              messages={messages}
              backCloses
              onSaved={(one, access) => void wasSaved(one, access)}
              onClosed={close}
            />
          )}
          <Modal
            opened={open?.kind === "remove"}
            onClose={close}
            title={messages.deleteTitle}
            centered
            returnFocus={false}
            closeButtonProps={{ "aria-label": messages.close }}
          >
            {open?.kind === "remove" && (
              <>
                <Text>{messages.deleteWarning(open.saved.name, vendor.name)}</Text>
                <Group justify="flex-end" mt="lg">
                  <Button variant="default" onClick={close} data-autofocus>
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
    </>
  );
}

/** In place of the credentials: what one is, and who makes one. */
function None({ vendor }: { vendor: Vendor }) {
  const messages = useMessages();
  const prerequisites = vendor.prerequisites ?? [];
  return (
    <section className="none" aria-labelledby="none">
      <Title order={2} size="h4" id="none">
        {messages.noneTitle}
      </Title>
      <Text mt="xs">{messages.noneHelp(vendor.name)}</Text>
      {prerequisites.length > 0 && (
        <List size="sm" mt="xs" aria-label={messages.prerequisites}>
          {prerequisites.map((prerequisite) => (
            <List.Item key={prerequisite}>{prerequisite}</List.Item>
          ))}
        </List>
      )}
      <SetupLink vendor={vendor} display="block" mt="xs" />
    </section>
  );
}

/** Whether a credential has all words of the query, in any case and with or without accents. */
function isMatch(query: string, saved: Saved, holder: string | undefined): boolean {
  const plain = (text: string) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const text = plain([saved.name, saved.description, holder].join(" "));
  const words = plain(query).split(/\s+/);
  return words.every((word) => text.includes(word));
}

interface TileProps {
  saved: Saved;
  schema: JsonSchema;
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
      <Text component="span" fw={650} dir="auto">
        {saved.name}
      </Text>
      {saved.description && (
        <Text component="span" size="sm" className="clamp" dir="auto">
          {saved.description}
        </Text>
      )}
      {holder && (
        <Text component="span" size="sm" className="clamp" dir="auto">
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
function holderOf(saved: Saved, schema: JsonSchema, access: Access | undefined) {
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
