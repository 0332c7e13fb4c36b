// The overlay in which a credential is added or edited: its name and description, the vendor's fields as the schema has them, and a check
// at the vendor that fills in what can be chosen. Problems come from the plugin alone, and stand at their fields.
import { Alert, Anchor, Button, Group, List, Modal, Text, Textarea, TextInput } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { Form, generateWidgets } from "@rjsf/mantine";
import { titleId, type RJSFSchema, type WidgetProps } from "@rjsf/utils";
import { useEffect, useMemo, useRef, useState, type FormEvent } from "react";

import { api, reasonOf, type Access, type Issue, type Members, type Saved, type Vendor } from "./api";
import { atFields, drawn, fieldOf, hasLevel, ID_PREFIX, lacking, secretTitles, shown, uiSchema } from "./schema";
import { validator } from "./validator";
import { safeLink, words } from "./words";

/** Long enough not to judge every keystroke. */
const RECHECK_MS = 300;

const { CheckboxesWidget } = generateWidgets();

/** The theme's own, which leaves the group without the name that stands above it. */
function Checkboxes(props: WidgetProps) {
  return (
    <div role="group" aria-labelledby={titleId(props.id)}>
      {CheckboxesWidget && <CheckboxesWidget {...props} />}
    </div>
  );
}

const WIDGETS = { CheckboxesWidget: Checkboxes };

/** What a check at the vendor brought: what the credential reaches, or why it could not be asked. */
type Checked = { access: Access; level?: boolean } | { problem: string };

interface Props {
  vendor: Vendor;
  schema: RJSFSchema;
  /** The credential to edit; a new one if there is none. */
  saved?: Saved;
  onClose: () => void;
  onSaved: (saved: Saved) => void;
}

export function Overlay({ vendor, schema, saved, onClose, onSaved }: Props) {
  const [name, setName] = useState(saved?.name ?? "");
  const [description, setDescription] = useState(saved?.description ?? "");
  const [data, setData] = useState<Members>(saved?.fields ?? {});
  const [issues, setIssues] = useState<Issue[]>([]);
  const [about, setAbout] = useState<Issue[]>([]);
  const [checked, setChecked] = useState<Checked>();
  const [failure, setFailure] = useState<string>();
  const [busy, setBusy] = useState<"check" | "save">();
  const [tried, setTried] = useState(false);
  const [focusFirst, setFocusFirst] = useState(0);
  const form = useRef<HTMLFormElement>(null);
  const outcome = useRef<HTMLDivElement>(null);
  const phone = useMediaQuery("(max-width: 36rem)");

  const access = checked && "access" in checked ? checked.access : undefined;
  const projectShown = data.project_id;
  const drawnSchema = useMemo(
    () => drawn(schema, access, saved, { project_id: projectShown }),
    [schema, access, saved, projectShown],
  );
  const ui = useMemo(() => uiSchema(drawnSchema, saved?.secrets ?? [], access), [drawnSchema, saved, access]);
  const errors = useMemo(() => atFields(schema, issues), [schema, issues]);
  const elsewhere = issues.filter((issue) => fieldOf(schema, issue) === undefined);
  const sent = (members: Members) => ({
    vendor: vendor.id,
    credential: shown(schema, members),
    ...(saved && { keep: saved.id }),
  });
  const tell = (error: unknown) => words(reasonOf(error), vendor, secretTitles(schema));
  const problemOf = (member: string) => about.find(({ pointer }) => pointer === `/${member}`)?.message;

  // What a check brought stands at the end of the form, where it may be out of sight.
  useEffect(() => {
    if (checked || failure) outcome.current?.scrollIntoView({ block: "nearest" });
  }, [checked, failure]);

  // Once the problems stand on the page.
  useEffect(() => {
    if (focusFirst === 0) return;
    const first = [...(form.current?.querySelectorAll<HTMLElement>("[aria-invalid=true], .mantine-InputWrapper-error") ?? [])][0];
    const field = first?.matches("input, textarea") ? first : first?.parentElement?.querySelector<HTMLElement>("input:not([type=hidden])");
    field?.focus();
  }, [focusFirst]);

  // After the first try, problems go as soon as they are solved.
  useEffect(() => {
    if (!tried) return;
    let current = true;
    const timer = setTimeout(() => {
      // Where that fails, what stands there is as good as anything, and Save asks again.
      api.validate(sent(data)).then((found) => current && setIssues(found.issues), () => undefined);
    }, RECHECK_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [data, tried]);

  // Who the key is: what the contract says that `inspect` reads.
  const secrets = Object.entries(schema.properties ?? {}).flatMap(([member, field]) =>
    typeof field === "object" && field.writeOnly ? [member] : [],
  );
  const keyOf = (members: Members) => JSON.stringify(["client_id", ...secrets].map((member) => members[member]));
  const latest = useRef(data);
  latest.current = data;

  const change = (next: Members) => {
    // Another key reaches other things.
    if (keyOf(next) !== keyOf(data)) setChecked(undefined);
    setData(next);
  };

  const check = async () => {
    setBusy("check");
    setFailure(undefined);
    try {
      const found = await api.inspect(sent(data));
      const level = found.level !== undefined && hasLevel(schema, found.level) && data.credential_level !== found.level;
      // The answer is about the key that was sent; another one may stand there by now.
      if (keyOf(latest.current) !== keyOf(data)) {
        setBusy(undefined);
        return;
      }
      if (level) setData((now) => ({ ...now, credential_level: found.level }));
      setChecked({ access: found, level });
      setIssues([]);
    } catch (error) {
      const reason = reasonOf(error);
      setChecked(undefined);
      if (reason.kind === "invalid-credential") {
        setIssues(reason.issues ?? []);
        setFocusFirst((times) => times + 1);
      } else {
        setChecked({ problem: tell(error) });
      }
    }
    setBusy(undefined);
  };

  const save = async (event: FormEvent) => {
    event.preventDefault();
    if (busy) return;
    setBusy("save");
    setFailure(undefined);
    setTried(true);
    const unnamed =
      name.trim() === "" ? [{ pointer: "/name", message: "Give the credential a name, by which you find it again." }] : [];
    try {
      const found = await api.validate(sent(data));
      setIssues(found.issues);
      setAbout(unnamed);
      if (found.issues.length + unnamed.length > 0) {
        setFocusFirst((times) => times + 1);
      } else {
        const entry = { ...sent(data), name, description };
        onSaved(await (saved ? api.update(saved.id, entry) : api.save(entry)));
        return;
      }
    } catch (error) {
      const reason = reasonOf(error);
      if (reason.kind === "about" || reason.kind === "invalid-credential") {
        (reason.kind === "about" ? setAbout : setIssues)(reason.issues ?? []);
        setFocusFirst((times) => times + 1);
      } else {
        setFailure(tell(error));
      }
    }
    setBusy(undefined);
  };

  const link = safeLink(vendor.setup_url);
  const how = link && (
    <Anchor href={link} target="_blank" rel="noopener noreferrer" c="var(--strong)" underline="always" size="sm">
      How to make a credential in {vendor.display_name}
    </Anchor>
  );
  return (
    <Modal
      opened
      onClose={onClose}
      title={saved ? "Edit Credential" : "Add New Credential"}
      size="lg"
      fullScreen={phone}
      closeButtonProps={{ "aria-label": "Close" }}
      closeOnClickOutside={false}
      styles={{ title: { fontSize: "1.25rem", fontWeight: 650 } }}
    >
      <form ref={form} onSubmit={(event) => void save(event)} noValidate autoComplete="off">
        <TextInput
          label="Credential Name"
          required
          data-autofocus
          maxLength={100}
          value={name}
          error={problemOf("name")}
          onChange={(event) => {
            setName(event.currentTarget.value);
            setAbout(about.filter(({ pointer }) => pointer !== "/name"));
          }}
        />
        <Textarea
          mt="sm"
          label="Credential Description"
          description="Not required, but it helps its owner and others to use it well: what it is for, how fresh its data is, who looks after it."
          autosize
          minRows={2}
          maxLength={2000}
          value={description}
          error={problemOf("description")}
          onChange={(event) => setDescription(event.currentTarget.value)}
        />
        <Form
          tagName="div"
          className="fields"
          idPrefix={ID_PREFIX}
          schema={drawnSchema}
          uiSchema={ui}
          formData={data}
          validator={validator}
          widgets={WIDGETS}
          extraErrors={errors}
          noValidate
          noHtml5Validate
          showErrorList={false}
          onChange={({ formData }) => change((formData ?? {}) as Members)}
        >
          <></>
        </Form>
        {how}
        <div ref={outcome} className="outcome">
          <div role="status">
            {access && <Found access={access} level={checked && "level" in checked && checked.level} schema={schema} data={data} vendor={vendor} />}
          </div>
          {checked && "problem" in checked && (
            <Alert color="red" role="alert" mt="md" title="The check did not succeed">
              {checked.problem} {how}
            </Alert>
          )}
          {(failure || elsewhere.length > 0) && (
            <Alert color="red" role="alert" mt="md" title="Not saved">
              {failure}
              {elsewhere.map((issue) => (
                <Text key={issue.message}>{issue.message}</Text>
              ))}
            </Alert>
          )}
        </div>
        <Group justify="flex-end" className="overlay-foot">
          <Button variant="subtle" c="var(--strong)" onClick={onClose}>
            Cancel
          </Button>
          <Button variant="default" loading={busy === "check"} onClick={() => void check()}>
            Check
          </Button>
          <Button type="submit" loading={busy === "save"}>
            Save
          </Button>
        </Group>
      </form>
    </Modal>
  );
}

interface FoundProps {
  access: Access;
  level: boolean | undefined;
  schema: RJSFSchema;
  data: Members;
  vendor: Vendor;
}

/** What a check found, in words. */
function Found({ access, level, schema, data, vendor }: FoundProps) {
  const { all, chosen } = lacking(schema, access, data);
  const only = access.projects.length === 1 ? access.projects[0] : undefined;
  const facts = [
    access.level && `It is ${access.level === "account" ? "an account-level" : `a ${access.level}-level`} key${level ? "; the level above was set to that." : "."}`,
    only && `It reaches the project ${only.name} (${only.id}).`,
    access.projects.length > 1 && `It reaches ${access.projects.length} projects; they can be chosen above.`,
    all.length > 0 && `This key has no ${all.join(", no ")}.`,
  ].filter((fact): fact is string => Boolean(fact));
  return (
    <Alert color={chosen.length > 0 ? "yellow" : "teal"} mt="md" title={`${vendor.display_name} accepts this key`}>
      {facts.length > 0 && (
        <List size="sm">
          {facts.map((fact) => (
            <List.Item key={fact}>{fact}</List.Item>
          ))}
        </List>
      )}
      {chosen.length > 0 && (
        <Text size="sm" fw={650} mt="xs">
          Take {chosen.join(" and ")} out of the scopes, or have an administrator add {chosen.length > 1 ? "them" : "it"} to the key.
        </Text>
      )}
    </Alert>
  );
}
