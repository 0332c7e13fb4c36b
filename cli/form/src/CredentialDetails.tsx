// The details of a chosen credential: signs in with it, and shows what the session reaches and when
// it expires. The token stays with the program.
import { Alert, Badge, Button, Group, Loader, Paper, Text, Title } from "@mantine/core";
import {
  accountTitle,
  credentialExpiry,
  reasonOf,
  scopeTitle,
  secretTitles,
  type Access,
  type JsonSchema,
  type Vendor,
} from "connector-form";
import { useCallback, useEffect, useRef, useState } from "react";

import { api, type Saved, type Session } from "./api";
import { useMessages } from "./messages";
import { SetupLink } from "./SetupLink";

/** The interval at which the remaining time is updated. */
const TICK_MS = 15_000;

const MINUTES_PER_HOUR = 60;
const MINUTES_PER_DAY = 24 * MINUTES_PER_HOUR;

interface Props {
  saved: Saved;
  vendor: Vendor;
  schema: JsonSchema;
  /** The access of the credential, if it is known. */
  access: Access | undefined;
  onAccess: (id: number, access: Access) => void;
  /** A sign-in succeeded or failed. */
  onSignIn: () => void;
  onEdit: () => void;
  onRemove: () => void;
}

export function CredentialDetails(props: Props) {
  const { saved, vendor, schema, access, onAccess, onSignIn, onEdit, onRemove } = props;
  const messages = useMessages();
  const [session, setSession] = useState<Session>();
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  const [status, setStatus] = useState("");
  const started = useRef(false);
  const place = useRef<HTMLElement>(null);

  // Again once the session and its names are there: the details are longer then.
  useEffect(() => {
    place.current?.scrollIntoView({ block: "nearest" });
  }, [session, problem, access]);

  const open = useCallback(
    async (request: (id: number) => Promise<Session>, done: string) => {
      setBusy(true);
      setStatus("");
      setProblem(undefined);
      try {
        const opened = await request(saved.id);
        setSession(opened);
        setStatus(done);
        return opened;
      } catch (error) {
        if (request === api.refresh) {
          // The old session may still be valid; the program keeps it then.
          setSession(await api.choose(saved.id).catch(() => undefined));
        }
        setProblem(messages.reason(reasonOf(error), vendor.name, secretTitles(schema)));
        return undefined;
      } finally {
        setBusy(false);
        onSignIn();
      }
    },
    [saved, vendor, schema, messages, onSignIn],
  );

  useEffect(() => {
    // Once, also in React's strict mode: each time would send a request to the vendor.
    if (started.current) return;
    started.current = true;
    void open(api.choose, messages.signedIn).then(async (opened) => {
      if (!opened || access || !isWorthInspecting(vendor, opened)) return;
      try {
        onAccess(saved.id, await api.access(saved.id));
        onSignIn();
      } catch {
        // Names and dates only add to the session, so a failure is not shown.
      }
    });
  }, [open, saved, vendor, access, onAccess, onSignIn, messages]);

  const title = session ? messages.sessionKept : messages.notSignedIn;
  return (
    <Paper
      component="section"
      aria-labelledby="chosen"
      ref={place}
      className="details"
      withBorder
      p="lg"
      radius="md"
    >
      <Group justify="space-between" align="flex-start" mb="md" wrap="nowrap">
        <div>
          <Title order={2} size="h3" id="chosen" dir="auto">
            {saved.name}
          </Title>
          {saved.description && (
            <Text size="sm" c="dimmed" dir="auto">
              {saved.description}
            </Text>
          )}
        </div>
        {session && (
          <Badge color="teal.9" size="lg" flex="none">
            {messages.signedIn}
          </Badge>
        )}
      </Group>
      {problem && (
        <Alert color="red" role="alert" mb="md" title={title}>
          {problem}{" "}
          <SetupLink vendor={vendor} c="inherit" />
        </Alert>
      )}
      {!session && busy && <Loader size="sm" aria-label={messages.signingIn} />}
      {session && <Facts session={session} access={access} vendor={vendor} schema={schema} />}
      <Group mt="lg" gap="sm">
        {session && (
          <Button onClick={() => setStatus(messages.inUse(saved.name))}>{messages.use}</Button>
        )}
        <Button
          variant={session ? "default" : "filled"}
          loading={busy}
          onClick={() => void open(api.refresh, messages.sessionReplaced)}
        >
          {problem ? messages.tryAgain : messages.refreshSession}
        </Button>
        <Button variant="default" onClick={onEdit}>
          {messages.edit}
        </Button>
        <Button variant="default" c="var(--mantine-color-error)" onClick={onRemove}>
          {messages.delete}
        </Button>
        <Text role="status" size="sm" c="dimmed">
          {status}
        </Text>
      </Group>
    </Paper>
  );
}

/**
 * Whether to inspect a saved credential. Without a session, an inspection may be a token request
 * whose token nobody uses; it is worth that only for the name of an account.
 */
function isWorthInspecting(vendor: Vendor, session: Session): boolean {
  if (vendor.inspection === "credential") return session.account !== undefined;
  return vendor.inspection === "session";
}

interface FactsProps {
  session: Session;
  access: Access | undefined;
  vendor: Vendor;
  schema: JsonSchema;
}

/** What is known about a session and its credential. */
function Facts({ session, access, vendor, schema }: FactsProps) {
  const messages = useMessages();
  const { account } = session;
  const name = account === undefined ? undefined : accountTitle(schema, access, account);
  return (
    <dl className="facts">
      {access?.identity !== undefined && (
        <>
          <dt>{messages.identity}</dt>
          <dd dir="auto">{access.identity}</dd>
        </>
      )}
      {account !== undefined && (
        <>
          <dt>{messages.account}</dt>
          <dd>{name === undefined || name === account ? account : `${name} (${account})`}</dd>
        </>
      )}
      <dt>{messages.scopes}</dt>
      <dd>
        {session.scopes.length > 0
          ? session.scopes.map((scope) => scopeTitle(schema, access, scope)).join(", ")
          : messages.scopesUnknown(vendor.name)}
      </dd>
      <dt>{messages.baseUrl}</dt>
      <dd>{session.base_url}</dd>
      <dt>{messages.session}</dt>
      <dd>
        <Expiry until={session.expires_at} />
      </dd>
      {access?.credential_expires_at !== undefined && (
        <>
          <dt>{messages.credential}</dt>
          <dd>{credentialExpiry(access.credential_expires_at, messages)}</dd>
        </>
      )}
    </dl>
  );
}

/** "Expires in 59 minutes (14:05)". */
function Expiry({ until }: { until: string | undefined }) {
  const messages = useMessages();
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (until === undefined) return;
    const timer = setInterval(() => setNow(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, [until]);
  if (until === undefined) return <>{messages.noExpiry}</>;
  const end = new Date(until);
  const minutes = Math.round((end.getTime() - now) / 60_000);
  const isFar = Math.abs(minutes) >= MINUTES_PER_DAY;
  const at = isFar
    ? end.toLocaleString(messages.locale, { dateStyle: "medium", timeStyle: "short" })
    : end.toLocaleTimeString(messages.locale, { hour: "2-digit", minute: "2-digit" });
  const text =
    minutes <= 0
      ? messages.sessionExpired(at)
      : messages.sessionExpires(fromNow(minutes, messages.locale), at);
  return <time dateTime={until}>{text}</time>;
}

/** "in 59 minutes", "in 3 hours", "in 40 days". */
function fromNow(minutes: number, locale: string): string {
  const format = new Intl.RelativeTimeFormat(locale);
  if (minutes < 2 * MINUTES_PER_HOUR) return format.format(minutes, "minute");
  if (minutes < 2 * MINUTES_PER_DAY) {
    return format.format(Math.round(minutes / MINUTES_PER_HOUR), "hour");
  }
  return format.format(Math.round(minutes / MINUTES_PER_DAY), "day");
}
