// The form of one vendor in its dialog: what a person enters, what Check and Save do with it, and
// the ways to leave.
import { Button, CloseButton, Text } from "@mantine/core";
import type { RJSFSchema } from "@rjsf/utils";
import { useEffect, useMemo, useRef, useState, type FormEvent, type MouseEvent } from "react";

import { useClient } from "./call";
import { same } from "./choices";
import { Failed, reasonOf } from "./client";
import type { Access, Draft, Fields, Issue, Reason, Saved, Vendor } from "./client";
import { Dialog } from "./Dialog";
import { Discard } from "./Discard";
import { draw } from "./drawing";
import { EntryFields, type EntryTexts } from "./EntryFields";
import { focusFirstProblem, useKeptFocus } from "./focus";
import { Found } from "./Found";
import { Problems } from "./Problems";
import { atFields, fieldOf, visible } from "./schema";
import type { FormEvents } from "./settings";
import { SetupLink } from "./SetupLink";
import { useMessages } from "./texts";
import { useCheck } from "./useCheck";
import { useIssues } from "./useIssues";
import { useLeaving } from "./useLeaving";
import { VendorFields } from "./VendorFields";

interface Props extends FormEvents {
  vendor: Vendor;
  schema: RJSFSchema;
  /** The credential to edit; absent for a new one. */
  saved: Saved | undefined;
  /** Whether the browser's Back leaves the form. */
  backCloses: boolean;
  /** Goes back to the vendors, if there are several. */
  onAnotherVendor?: (() => void) | undefined;
}

/** What follows from a check, and the access if the vendor accepted the credential. */
interface Answer {
  next: "save" | "unsaved" | "stay";
  access?: Access;
}

const NO_TEXTS: EntryTexts = { name: "", description: "" };

function textsOf(saved: Saved | undefined): EntryTexts {
  return saved ? { name: saved.name, description: saved.description ?? "" } : NO_TEXTS;
}

export function CredentialForm(props: Props) {
  const { vendor, schema, saved: opened, backCloses } = props;
  const { onSaved, onChecked, onClose, onAnotherVendor } = props;
  const messages = useMessages();
  const { client, call } = useClient();
  // The version that is edited; another one if it was changed elsewhere and then loaded.
  const [saved, setSaved] = useState(opened);
  const [texts, setTexts] = useState(textsOf(saved));
  const [data, setData] = useState<Fields>(saved?.fields ?? {});
  const [entryIssues, setEntryIssues] = useState<Issue[]>([]);
  const [failure, setFailure] = useState<Reason>();
  const [busy, setBusy] = useState<"check" | "save">();
  const [isTried, setTried] = useState(false);
  const [focusFirst, setFocusFirst] = useState(0);
  const latest = useRef(data);
  latest.current = data;
  // The values before a person changed any: the form library adds defaults when it starts.
  const pristine = useRef(data);
  const touched = useRef(false);
  const form = useRef<HTMLFormElement>(null);
  const end = useRef<HTMLDivElement>(null);

  const draft = (fields: Fields): Draft => ({
    vendor: vendor.id,
    credential: visible(schema, fields),
    ...(saved && { keep: saved.id }),
  });
  const check = useCheck(schema, latest);
  const issues = useIssues(schema, data, pristine.current, isTried, draft);
  const { access, outcome } = check;

  // The outcome stands at the end of the form, which may be out of sight.
  useEffect(() => {
    if (outcome || failure) end.current?.scrollIntoView({ block: "nearest" });
  }, [outcome, failure]);

  useKeptFocus(form, busy !== undefined);
  // After the issues are rendered.
  useEffect(() => {
    if (focusFirst > 0) focusFirstProblem(form.current);
  }, [focusFirst]);
  const seeProblems = () => setFocusFirst((times) => times + 1);

  const before = textsOf(saved);
  const isEdited =
    texts.name !== before.name ||
    texts.description !== before.description ||
    !same(data, pristine.current);
  const leaving = useLeaving(isEdited, backCloses, onClose);

  const touch = () => {
    touched.current = true;
  };
  const change = (next: Fields) => {
    if (same(next, data)) return;
    if (!touched.current) pristine.current = next;
    check.changed(data, next);
    setData(next);
  };
  const changeTexts = (change: Partial<EntryTexts>) => {
    setTexts((now) => ({ ...now, ...change }));
    const isSolved = ({ pointer }: Issue) => pointer.slice(1) in change;
    setEntryIssues((now) => now.filter((issue) => !isSolved(issue)));
  };

  /** Whether a text has a line break inside, which no plugin should have to refuse. */
  const hasLineBreak = () => issues.all.some(({ code }) => code === "line-break");

  /** Asks the vendor; returns whether the credential can be saved as it stands, and its access. */
  const ask = async (): Promise<Answer> => {
    const verdict = await check.run(draft(data), data);
    switch (verdict.kind) {
      case "accepted":
      case "review":
        setData((now) => ({ ...now, ...verdict.set }));
        issues.show([]);
        onChecked({ vendor: vendor.id, access: verdict.access });
        return { next: verdict.kind === "accepted" ? "save" : "stay", access: verdict.access };
      case "unsaved":
        return { next: "unsaved" };
      case "failed":
        if (verdict.reason.kind === "invalid-credential") {
          issues.show(verdict.reason.issues ?? []);
          seeProblems();
        }
        onChecked({ vendor: vendor.id, reason: verdict.reason });
        return { next: "stay" };
      case "stopped":
        return { next: "stay" };
    }
  };

  const checkOnly = async () => {
    if (hasLineBreak()) {
      seeProblems();
      return;
    }
    setBusy("check");
    setFailure(undefined);
    if ((await ask()).next === "unsaved") check.fail({ kind: "unsaved" });
    setBusy(undefined);
  };

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
        (reason.kind === "entry" ? setEntryIssues : issues.show)(reason.issues ?? []);
        seeProblems();
      } else {
        setFailure(reason);
      }
    }
    setBusy(undefined);
  };

  /** Whether there is no problem, and there is a name. */
  const isValid = async () => {
    const unnamed =
      texts.name.trim() === "" ? [{ pointer: "/name", code: "required", message: "" }] : [];
    const found = await issues.find(draft(data), data);
    setEntryIssues(unnamed);
    if (found.length + unnamed.length === 0) return true;
    seeProblems();
    return false;
  };

  const checkAndSave = async (anyway: boolean) => {
    const isChecked = vendor.inspection === "none" || anyway || check.covers(data);
    const known = outcome && "set" in outcome ? access : undefined;
    const answer = isChecked ? { next: "save", access: known } : await ask();
    if (answer.next === "stay") return;
    const version = saved && { version: saved.version };
    const kept = await client.save({ ...draft(data), ...texts, ...version }, call());
    onSaved(kept, answer.access);
  };

  /** Replaces the entered values by those that were saved elsewhere meanwhile. */
  const loadSaved = async () => {
    try {
      if (!saved || !client.load) throw new Failed({ kind: "missing" });
      const other = await client.load(saved.id, call());
      setSaved(other);
      setTexts(textsOf(other));
      setData(other.fields);
      pristine.current = other.fields;
      touched.current = false;
      check.clear();
      setFailure(undefined);
      issues.show([]);
      setEntryIssues([]);
      setTried(false);
    } catch (error) {
      setFailure(reasonOf(error));
    }
  };

  const drawing = useMemo(
    () => draw(schema, access, saved, data, messages),
    [schema, access, saved, data, messages],
  );
  const errors = useMemo(
    () => atFields(schema, issues.all, messages),
    [schema, issues.all, messages],
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void save(false);
  };
  const checkOrStop = (event: MouseEvent) => {
    // The second click of a double click does not stop what the first started.
    if (event.detail > 1) return;
    if (check.isRunning) check.stop();
    else void checkOnly();
  };
  const anyway = (
    <Button variant="default" mt="sm" display="block" onClick={() => void save(true)}>
      {messages.saveAnyway}
    </Button>
  );
  return (
    <Dialog
      title={saved ? messages.editTitle : messages.addTitle}
      aside={<CloseButton aria-label={messages.close} onClick={() => leaving.leave(onClose)} />}
      className="dialog form"
      onLeave={() => leaving.leave(onClose)}
    >
      <form
        ref={form}
        onSubmit={submit}
        onKeyDownCapture={touch}
        onPointerDownCapture={touch}
        onInputCapture={touch}
        onPasteCapture={touch}
        noValidate
        autoComplete="off"
      >
        {onAnotherVendor && (
          <Button
            variant="subtle"
            className="another"
            onClick={() => leaving.leave(onAnotherVendor)}
          >
            {messages.chooseAnotherVendor}
          </Button>
        )}
        <EntryFields texts={texts} issues={entryIssues} onChange={changeTexts} />
        <VendorFields drawing={drawing} data={data} errors={errors} onChange={change} />
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
            {check.isRunning && (
              <Text size="sm" c="dimmed" mt="md">
                {messages.checking(vendor.name)}
              </Text>
            )}
          </div>
          <Problems
            vendor={vendor}
            schema={schema}
            outcome={outcome}
            failure={failure}
            issues={issues.all.filter((issue) => fieldOf(schema, issue) === undefined)}
            anyway={anyway}
            onLoadSaved={client.load && (() => void loadSaved())}
          />
        </div>
        <div className="dialog-foot">
          <Button variant="subtle" className="quiet" onClick={onClose}>
            {messages.cancel}
          </Button>
          {vendor.inspection !== "none" && (
            <Button
              variant="default"
              disabled={busy !== undefined && !check.isRunning}
              onClick={checkOrStop}
            >
              {check.isRunning ? messages.stop : messages.check}
            </Button>
          )}
          <Button type="submit" loading={busy === "save"} disabled={busy === "check"}>
            {messages.save}
          </Button>
        </div>
      </form>
      {leaving.isAsking && <Discard onKeep={leaving.stay} onDiscard={leaving.discard} />}
    </Dialog>
  );
}
