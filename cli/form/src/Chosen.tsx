// A chosen credential: signs in with it, and shows what the session reaches and until when. The token stays with the program.
import { Alert, Anchor, Badge, Button, Group, Loader, Paper, Text, Title } from "@mantine/core";
import type { RJSFSchema } from "@rjsf/utils";
import { useCallback, useEffect, useRef, useState } from "react";

import { api, reasonOf, type Saved, type Session, type Vendor } from "./api";
import { fieldTitle, secretTitles, titleOf } from "./schema";
import { safeLink, words } from "./words";

/** How often the time that is left is counted anew. */
const TICK_MS = 15_000;

interface Props {
  saved: Saved;
  vendor: Vendor;
  schema: RJSFSchema;
  onEdit: () => void;
  onRemove: () => void;
}

export function Chosen({ saved, vendor, schema, onEdit, onRemove }: Props) {
  const [session, setSession] = useState<Session>();
  const [project, setProject] = useState<string>();
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  const [told, setTold] = useState("");
  const asked = useRef(false);

  const open = useCallback(
    async (ask: (id: number) => Promise<Session>, done: string) => {
      setBusy(true);
      setTold("");
      setProblem(undefined);
      try {
        setSession(await ask(saved.id));
        setTold(done);
      } catch (error) {
        setProblem(words(reasonOf(error), vendor, secretTitles(schema)));
      }
      setBusy(false);
    },
    [saved, vendor, schema],
  );

  useEffect(() => {
    // Once, also where React runs effects twice to find mistakes: each is a request to the vendor.
    if (asked.current) return;
    asked.current = true;
    void open(api.choose, "Signed in.");
  }, [open]);

  useEffect(() => {
    // A name is a help and no more, so a failure here is not worth a word.
    if (session?.project === undefined || project !== undefined) return;
    const sent = { vendor: vendor.id, credential: saved.fields, keep: saved.id };
    api.inspect(sent).then(
      ({ projects }) => setProject(projects.find(({ id }) => id === session.project)?.name ?? ""),
      () => setProject(""),
    );
  }, [session, project, saved, vendor]);

  const link = safeLink(vendor.setup_url);
  return (
    <Paper component="section" aria-labelledby="chosen" withBorder p="lg" mt="lg" radius="md">
      <Group justify="space-between" align="flex-start" mb="md">
        <div>
          <Title order={2} size="h3" id="chosen">
            {saved.name}
          </Title>
          {saved.description && (
            <Text size="sm" c="dimmed">
              {saved.description}
            </Text>
          )}
        </div>
        {session && !problem && <Badge color="teal.9" size="lg">Signed in</Badge>}
      </Group>
      {problem && (
        <Alert color="red" role="alert" mb="md" title="Not signed in">
          {problem}{" "}
          {link && (
            <Anchor href={link} target="_blank" rel="noopener noreferrer" c="inherit" size="sm" underline="always">
              How to make a credential in {vendor.display_name}
            </Anchor>
          )}
        </Alert>
      )}
      {!session && busy && <Loader size="sm" aria-label="signing in" />}
      {session && (
        <dl className="facts">
          {session.project !== undefined && (
            <>
              <dt>Project</dt>
              <dd>{project ? `${project} (${session.project})` : session.project}</dd>
            </>
          )}
          <dt>{fieldTitle(schema, "scopes", "Scopes")}</dt>
          <dd>
            {session.scopes.length > 0
              ? session.scopes.map((scope) => titleOf(schema, "scopes", scope)).join(", ")
              : `Set on the key itself; ${vendor.display_name} does not name them`}
          </dd>
          <dt>Base URL</dt>
          <dd>{session.base_url}</dd>
          <dt>Session</dt>
          <dd>
            <Left until={session.expires_at} />
          </dd>
        </dl>
      )}
      <Group mt="lg" gap="sm">
        <Button loading={busy} onClick={() => void open(api.refresh, "The session is new.")}>
          {problem ? "Try again" : "Refresh session"}
        </Button>
        <Button variant="default" onClick={onEdit}>
          Edit
        </Button>
        <Button variant="default" c="var(--mantine-color-error)" onClick={onRemove}>
          Delete
        </Button>
        <Text role="status" size="sm" c="dimmed">
          {told}
        </Text>
      </Group>
    </Paper>
  );
}

/** "expires in 59 minutes, at 14:05". */
function Left({ until }: { until: string }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  const end = new Date(until);
  const minutes = Math.round((end.getTime() - now) / 60_000);
  const at = end.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" });
  if (minutes <= 0) return <>Expired at {at}; refresh it to go on</>;
  return (
    <>
      Expires in {minutes} {minutes === 1 ? "minute" : "minutes"}, at <time dateTime={until}>{at}</time>
    </>
  );
}
