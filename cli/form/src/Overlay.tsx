// The overlay in which a credential is added or edited: its name and description, the fields of the
// vendor's schema, and a check at the vendor that offers choices for them. Issues of the fields
// come from the plugin.
import {
  Alert,
  Button,
  Group,
  List,
  Modal,
  Text,
  Textarea,
  TextInput,
  Title,
} from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { Form, generateWidgets } from "@rjsf/mantine";
import { titleId, type RJSFSchema, type Widget, type WidgetProps } from "@rjsf/utils";
import {
  useEffect,
  useMemo,
  useRef,
  useState,
  type FormEvent,
  type MouseEvent,
  type ReactNode,
} from "react";

import {
  api,
  Failed,
  reasonOf,
  type Access,
  type Choice,
  type Fields,
  type Issue,
  type Json,
  type Reason,
  type Saved,
  type Vendor,
} from "./api";
import { afterChange, isOutOfReach, offersOf, same, settled, unreached } from "./choices";
import { credentialExpiry } from "./CredentialDetails";
import { choiceTitle, draw } from "./drawing";
import { useBack, useReloadGuard } from "./leave";
import { useMessages } from "./messages";
import { NumberField, NumberText } from "./NumberField";
import {
  atFields,
  fieldOf,
  ID_PREFIX,
  isNumber,
  optionsOf,
  secretTitles,
  visible,
} from "./schema";
import { SetupLink } from "./SetupLink";
import { validator } from "./validator";

/** The pause in typing after which the fields are checked again. */
const RECHECK_MS = 300;

const { CheckboxesWidget, RadioWidget, SelectWidget } = generateWidgets();

/** The theme's checkboxes, whose group has no accessible name by itself. */
function Checkboxes(props: WidgetProps) {
  return (
    <div role="group" aria-labelledby={titleId(props.id)}>
      <Marked widget={CheckboxesWidget} {...props} />
    </div>
  );
}

function Radios(props: WidgetProps) {
  return <Marked widget={RadioWidget} {...props} />;
}

function Choices(props: WidgetProps) {
  return <Marked widget={SelectWidget} isText {...props} />;
}

interface MarkedProps extends WidgetProps {
  widget: Widget | undefined;
  /** Whether the widget shows its options as plain text. */
  isText?: boolean;
}

/** Marks the options that the credential does not reach. */
function Marked({ widget: Inner, isText, ...props }: MarkedProps) {
  const messages = useMessages();
  const { unavailable, enumOptions, ...options } = props.options;
  const outside = (unavailable ?? []) as Json[];
  const marked = enumOptions?.map((option) => {
    if (!outside.some((value) => same(value, option.value as Json))) return option;
    const label = isText ? (
      messages.notOffered(option.label)
    ) : (
      <>
        {option.label} <span className="muted">{messages.notOnKey}</span>
      </>
    );
    // The theme renders any label.
    return { ...option, label: label as string };
  });
  const all = { ...options, ...(marked && { enumOptions: marked }) };
  return Inner ? <Inner {...props} options={all} /> : null;
}

/** An input with choices to take or leave: other values are valid too. */
function Suggestions(props: WidgetProps) {
  const { suggestions, ...options } = props.options;
  const { BaseInputTemplate } = props.registry.templates;
  const Input = isNumber(props.schema) ? NumberText : BaseInputTemplate;
  const list = `${props.id}-suggestions`;
  return (
    <>
      <Input {...props} options={{ ...options, list }} />
      <datalist id={list}>
        {(suggestions as Choice[]).map((choice) => (
          <option key={String(choice.value)} value={String(choice.value)}>
            {choiceTitle(choice)}
          </option>
        ))}
      </datalist>
    </>
  );
}

const FIELDS = { NumberField };
const WIDGETS = {
  CheckboxesWidget: Checkboxes,
  RadioWidget: Radios,
  SelectWidget: Choices,
  number: NumberText,
  suggestions: Suggestions,
};

/** Whether the issue is about values that do not go together. */
function isConflict({ code }: Issue): boolean {
  return code === "not-combinable";
}

/** The outcome of a check: the fields that it set, or why it failed. */
type Outcome = { set: Fields } | { problem: string };

interface Props {
  vendor: Vendor;
  schema: RJSFSchema;
  /** The credential to edit; absent for a new one. */
  saved: Saved | undefined;
  onClose: () => void;
  /** `access` is the result of the last check, if it is about the saved document. */
  onSaved: (saved: Saved, access: Access | undefined) => void;
}

export function Overlay({ vendor, schema, saved: opened, onClose, onSaved }: Props) {
  const messages = useMessages();
  // The version that is edited; another one if it was changed elsewhere and then loaded.
  const [saved, setSaved] = useState(opened);
  const [name, setName] = useState(saved?.name ?? "");
  const [description, setDescription] = useState(saved?.description ?? "");
  const [data, setData] = useState<Fields>(saved?.fields ?? {});
  const [issues, setIssues] = useState<Issue[]>([]);
  const [entryIssues, setEntryIssues] = useState<Issue[]>([]);
  const [access, setAccess] = useState<Access>();
  const [outcome, setOutcome] = useState<Outcome>();
  const [failure, setFailure] = useState<Reason>();
  const [busy, setBusy] = useState<"check" | "save">();
  // Stops the check that is under way.
  const [stopper, setStopper] = useState<AbortController>();
  const [tried, setTried] = useState(false);
  const [focusFirst, setFocusFirst] = useState(0);
  // The values before a person changed any: the form library adds defaults when it starts.
  const pristine = useRef(data);
  const touched = useRef(false);
  const form = useRef<HTMLFormElement>(null);
  const end = useRef<HTMLDivElement>(null);
  const phone = useMediaQuery("(max-width: 36rem)");

  const drawing = useMemo(
    () => draw(schema, access, saved, data, messages),
    [schema, access, saved, data, messages],
  );
  const errors = useMemo(() => atFields(schema, issues, messages), [schema, issues, messages]);
  const elsewhere = issues.filter((issue) => fieldOf(schema, issue) === undefined);
  const draft = (fields: Fields) => ({
    vendor: vendor.id,
    credential: visible(schema, fields),
    ...(saved && { keep: saved.id }),
  });
  const explain = (reason: Reason) =>
    messages.reason(reason, vendor.name, secretTitles(schema));
  const problemOf = (field: string) => {
    const issue = entryIssues.find(({ pointer }) => pointer === `/${field}`);
    return issue && messages.entry(issue);
  };

  // The outcome stands at the end of the form, which may be out of sight.
  useEffect(() => {
    if (outcome || failure) end.current?.scrollIntoView({ block: "nearest" });
  }, [outcome, failure]);

  // After the issues are rendered.
  useEffect(() => {
    if (focusFirst > 0) focusFirstProblem(form.current);
  }, [focusFirst]);

  // Values that do not go together are reported as they are chosen. All other issues wait for the
  // first attempt to save, and go as soon as they are solved.
  useEffect(() => {
    if (!tried && same(data, pristine.current)) return;
    let current = true;
    const timer = setTimeout(() => {
      // On a failure the shown issues stay; Save validates again.
      api.validate(draft(data)).then(
        (found) => current && setIssues(tried ? found.issues : found.issues.filter(isConflict)),
        () => undefined,
      );
    }, RECHECK_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [data, tried]);

  const latest = useRef(data);
  latest.current = data;

  // A check ends with the overlay.
  const running = useRef(stopper);
  running.current = stopper;
  useEffect(() => () => running.current?.abort(), []);

  const touch = () => {
    touched.current = true;
  };
  const isEdited =
    name !== (saved?.name ?? "") ||
    description !== (saved?.description ?? "") ||
    !same(data, pristine.current);
  const [isAsking, setAsking] = useState(false);
  /** Closes the overlay, or asks first; returns whether it is closed. */
  const leave = () => {
    if (!isEdited) {
      onClose();
    } else if (!isAsking) {
      asked.current = document.activeElement as HTMLElement | null;
      setAsking(true);
    }
    return !isEdited;
  };
  // The focus goes back to the field from which a person tried to leave.
  const asked = useRef<HTMLElement>(null);
  useEffect(() => {
    if (!isAsking) asked.current?.focus();
  }, [isAsking]);
  useBack(true, leave);
  useReloadGuard(isEdited);

  const change = (next: Fields) => {
    if (same(next, data)) return;
    if (!touched.current) pristine.current = next;
    if (access) {
      const remaining = afterChange(schema, access, data, next);
      setAccess(remaining.access);
      if (!remaining.current) setOutcome(undefined);
    } else {
      // A failed check was about the previous document.
      setOutcome(undefined);
    }
    setData(next);
  };

  /** Asks the vendor; returns whether the credential, as it stands, was accepted. */
  const check = async (): Promise<"accepted" | "review" | "unsaved" | "failed"> => {
    const sent = data;
    const stop = new AbortController();
    setStopper(stop);
    try {
      const found = await api.inspect(draft(sent), stop.signal);
      // The answer is about the document that was sent, which may have changed meanwhile.
      const remaining = afterChange(schema, found, sent, latest.current);
      const set = settled(schema, remaining.access, latest.current);
      setData((now) => ({ ...now, ...set }));
      setAccess(remaining.access);
      setOutcome(remaining.current ? { set } : undefined);
      setIssues([]);
      const isSame = same(sent, latest.current) && Object.keys(set).length === 0;
      return isSame && !isOutOfReach(schema, remaining.access, sent) ? "accepted" : "review";
    } catch (error) {
      const reason = reasonOf(error);
      setAccess(undefined);
      setOutcome(undefined);
      if (reason.kind === "unsaved") return "unsaved";
      if (reason.kind === "invalid-credential") {
        setIssues(reason.issues ?? []);
        setFocusFirst((times) => times + 1);
      } else if (reason.kind !== "stopped") {
        setOutcome({ problem: explain(reason) });
      }
      return "failed";
    } finally {
      setStopper(undefined);
    }
  };

  const checkOnly = async () => {
    setBusy("check");
    setFailure(undefined);
    if ((await check()) === "unsaved") setOutcome({ problem: explain({ kind: "unsaved" }) });
    setBusy(undefined);
  };

  /** Whether the last check was about the entered values, and found nothing to change. */
  const isChecked = () =>
    outcome !== undefined && "set" in outcome && !isOutOfReach(schema, access, data);

  /** Saves the credential if the vendor accepts it, or `anyway`. */
  const save = async (anyway: boolean) => {
    if (busy) return;
    setBusy("save");
    setFailure(undefined);
    setTried(true);
    try {
      if (await isValid()) await checkAndSave(anyway);
    } catch (error) {
      const reason = reasonOf(error);
      if (reason.kind === "entry" || reason.kind === "invalid-credential") {
        (reason.kind === "entry" ? setEntryIssues : setIssues)(reason.issues ?? []);
        setFocusFirst((times) => times + 1);
      } else {
        setFailure(reason);
      }
    }
    setBusy(undefined);
  };

  /** Whether the plugin finds no problem, and there is a name. */
  const isValid = async () => {
    const unnamed =
      name.trim() === "" ? [{ pointer: "/name", code: "required", message: "" }] : [];
    const found = await api.validate(draft(data));
    setIssues(found.issues);
    setEntryIssues(unnamed);
    if (found.issues.length + unnamed.length === 0) return true;
    setFocusFirst((times) => times + 1);
    return false;
  };

  const checkAndSave = async (anyway: boolean) => {
    const isAsked = vendor.inspection === "none" || anyway || isChecked();
    const checked = isAsked ? "accepted" : await check();
    if (checked !== "accepted" && checked !== "unsaved") return;
    const entry = { ...draft(data), name, description };
    const kept = await (saved
      ? api.update(saved.id, { ...entry, version: saved.version })
      : api.save(entry));
    onSaved(kept, outcome && "set" in outcome ? access : undefined);
  };

  /** Replaces the entered values by those that were saved elsewhere meanwhile. */
  const loadSaved = async () => {
    try {
      const all = await api.credentials();
      const other = all.find(({ id }) => id === saved?.id);
      if (!other) throw new Failed({ kind: "missing" });
      setSaved(other);
      setName(other.name);
      setDescription(other.description ?? "");
      setData(other.fields);
      pristine.current = other.fields;
      touched.current = false;
      setAccess(undefined);
      setOutcome(undefined);
      setFailure(undefined);
      setIssues([]);
      setEntryIssues([]);
      setTried(false);
    } catch (error) {
      setFailure(reasonOf(error));
    }
  };

  const submit = (event: FormEvent) => {
    event.preventDefault();
    void save(false);
  };
  const checkOrStop = (event: MouseEvent) => {
    // The second click of a double click does not stop what the first started.
    if (event.detail > 1) return;
    if (stopper) stopper.abort();
    else void checkOnly();
  };
  const anyway = (
    <Button variant="default" mt="sm" display="block" onClick={() => void save(true)}>
      {messages.saveAnyway}
    </Button>
  );
  return (
    <Modal
      opened
      onClose={leave}
      closeOnEscape={!isAsking}
      title={saved ? messages.editTitle : messages.addTitle}
      size="lg"
      fullScreen={phone}
      closeButtonProps={{ "aria-label": messages.close }}
      closeOnClickOutside={false}
      styles={{ title: { fontSize: "1.25rem", fontWeight: 650 } }}
    >
      <form
        ref={form}
        onSubmit={submit}
        onKeyDownCapture={touch}
        onPointerDownCapture={touch}
        onInputCapture={touch}
        noValidate
        autoComplete="off"
      >
        <TextInput
          label={messages.name}
          required
          dir="auto"
          data-autofocus
          maxLength={100}
          value={name}
          error={problemOf("name")}
          onChange={(event) => {
            setName(event.currentTarget.value);
            setEntryIssues(entryIssues.filter(({ pointer }) => pointer !== "/name"));
          }}
        />
        <Textarea
          mt="sm"
          label={messages.description}
          description={messages.descriptionHelp}
          dir="auto"
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
          schema={drawing.schema}
          uiSchema={drawing.ui}
          formData={data}
          validator={validator}
          fields={FIELDS}
          widgets={WIDGETS}
          extraErrors={errors}
          noValidate
          noHtml5Validate
          showErrorList={false}
          onChange={({ formData }) => change((formData ?? {}) as Fields)}
        >
          <></>
        </Form>
        <SetupLink vendor={vendor} />
        <div ref={end} className="outcome">
          <div role="status">
            {access && outcome && "set" in outcome && (
              <Found
                access={access}
                set={outcome.set}
                schema={schema}
                data={data}
                vendor={vendor}
              >
                {anyway}
              </Found>
            )}
            {stopper && (
              <Text size="sm" c="dimmed" mt="md">
                {messages.checking(vendor.name)}
              </Text>
            )}
          </div>
          {outcome && "problem" in outcome && (
            <Alert color="red" role="alert" mt="md" title={messages.checkFailed}>
              {outcome.problem} <SetupLink vendor={vendor} />
              {anyway}
            </Alert>
          )}
          {(failure || elsewhere.length > 0) && (
            <Alert color="red" role="alert" mt="md" title={messages.notSaved}>
              {failure && explain(failure)}
              {failure?.kind === "conflict" && (
                <Button variant="default" mt="sm" onClick={() => void loadSaved()}>
                  {messages.loadSaved}
                </Button>
              )}
              {elsewhere.map((issue) => (
                <Text key={issue.message}>{messages.issue(issue)}</Text>
              ))}
            </Alert>
          )}
        </div>
        <Group justify="flex-end" className="overlay-foot">
          <Button variant="subtle" c="var(--strong)" onClick={onClose}>
            {messages.cancel}
          </Button>
          {vendor.inspection !== "none" && (
            <Button
              variant="default"
              disabled={busy !== undefined && !stopper}
              onClick={checkOrStop}
            >
              {stopper ? messages.stop : messages.check}
            </Button>
          )}
          <Button type="submit" loading={busy === "save"} disabled={busy === "check"}>
            {messages.save}
          </Button>
        </Group>
      </form>
      {/* Mounted with the question: otherwise the Escape that asks would close it too. */}
      {isAsking && (
        <Modal.Root
          opened
          onClose={() => setAsking(false)}
          centered
          returnFocus={false}
          transitionProps={{ duration: 0 }}
        >
          <Modal.Overlay />
          <Modal.Content aria-label={messages.discardTitle}>
            <Modal.Body>
              <Title order={2} size="h4" mb="xs">
                {messages.discardTitle}
              </Title>
              <Text>{messages.discardWarning}</Text>
              <Group justify="flex-end" mt="lg">
                <Button variant="default" onClick={() => setAsking(false)} data-autofocus>
                  {messages.keepEditing}
                </Button>
                <Button color="red.9" onClick={onClose}>
                  {messages.discard}
                </Button>
              </Group>
            </Modal.Body>
          </Modal.Content>
        </Modal.Root>
      )}
    </Modal>
  );
}

/** Moves the focus to the first field with a problem. */
function focusFirstProblem(form: HTMLFormElement | null) {
  const selector = "[aria-invalid=true], .mantine-InputWrapper-error";
  const first = form?.querySelector<HTMLElement>(selector);
  const field = first?.matches("input, textarea")
    ? first
    : first?.parentElement?.querySelector<HTMLElement>("input:not([type=hidden])");
  field?.focus();
}

interface FoundProps {
  access: Access;
  set: Fields;
  schema: RJSFSchema;
  data: Fields;
  vendor: Vendor;
  /** Shown if entered values are out of reach. */
  children: ReactNode;
}

/** What a check found. */
function Found({ access, set, schema, data, vendor, children }: FoundProps) {
  const messages = useMessages();
  const offers = offersOf(schema, access);
  const missing = unreached(schema, access, data);
  const changes = missing.filter(({ entered }) => entered.length > 0);
  const facts = [
    access.identity && messages.belongsTo(access.identity),
    ...offers.flatMap(({ name, field, choices, only }) => {
      const title = field.title ?? name;
      const options = optionsOf(field);
      if (only && name in set) {
        const own = options.find(({ value }) => value === only.value);
        return [messages.fieldSet(title, own?.title ?? choiceTitle(only))];
      }
      const isNew = options.length === 0 && choices.length > 1;
      return isNew ? [messages.fieldChoices(title, choices.length)] : [];
    }),
    ...missing.map(({ field, titles }) => messages.fieldUnreached(field, titles)),
    access.credential_expires_at && credentialExpiry(access.credential_expires_at, messages),
  ].filter((fact): fact is string => Boolean(fact));
  return (
    <Alert
      color={changes.length > 0 ? "yellow" : "teal"}
      mt="md"
      title={messages.accepted(vendor.name)}
    >
      {facts.length > 0 && (
        <List size="sm">
          {facts.map((fact) => (
            <List.Item key={fact}>{fact}</List.Item>
          ))}
        </List>
      )}
      {changes.map(({ field, entered }) => (
        <Text key={field} size="sm" fw={650} mt="xs">
          {messages.changeField(field, entered)}
        </Text>
      ))}
      {Object.keys(set).length > 0 && (
        <Text size="sm" fw={650} mt="xs">
          {messages.reviewAndSave}
        </Text>
      )}
      {changes.length > 0 && children}
    </Alert>
  );
}
