// The way through the form: the vendors, one of them, its schema, then the fields.
import { Alert, CloseButton, Loader } from "@mantine/core";
import type { RJSFSchema } from "@rjsf/utils";
import { useEffect, useRef, useState } from "react";

import { useClient } from "./call";
import { reasonOf, type Reason, type Saved, type Vendor } from "./client";
import { CredentialForm } from "./CredentialForm";
import { Dialog } from "./Dialog";
import type { FormEvents } from "./settings";
import { useMessages } from "./texts";
import { VendorPicker } from "./VendorPicker";

interface Props extends FormEvents {
  /** The id of the vendor; absent if a person chooses. */
  vendor: string | undefined;
  /** The credential to edit; absent for a new one. */
  saved: Saved | undefined;
  backCloses: boolean;
}

export function Overlay({ vendor: given, saved, backCloses, ...events }: Props) {
  const { client, call } = useClient();
  const messages = useMessages();
  const [vendors, setVendors] = useState<Vendor[]>();
  const [chosen, setChosen] = useState(saved?.vendor ?? given);
  const [schema, setSchema] = useState<RJSFSchema>();
  const [problem, setProblem] = useState<Reason>();
  // Texts in the languages of the first calls are not replaced while a person types.
  const calls = useRef(call);
  const vendor = vendors?.find(({ id }) => id === chosen);

  useEffect(() => {
    client.vendors(calls.current()).then(
      (all) => {
        setVendors(all);
        setChosen((now) => now ?? (all.length === 1 ? all[0]?.id : undefined));
      },
      (error: unknown) => setProblem(reasonOf(error)),
    );
  }, [client]);

  useEffect(() => {
    if (!vendor) return;
    let isCurrent = true;
    setSchema(undefined);
    client.schema(vendor.id, calls.current()).then(
      (found) => isCurrent && setSchema(found as RJSFSchema),
      (error: unknown) => isCurrent && setProblem(reasonOf(error)),
    );
    return () => {
      isCurrent = false;
    };
  }, [client, vendor]);

  if (vendors && chosen === undefined) {
    return (
      <VendorPicker
        vendors={vendors}
        backCloses={backCloses}
        onChoose={({ id }) => setChosen(id)}
        onClose={events.onClose}
      />
    );
  }
  if (vendor && schema) {
    const isChoice = given === undefined && !saved && (vendors?.length ?? 0) > 1;
    return (
      <CredentialForm
        key={vendor.id}
        vendor={vendor}
        schema={schema}
        saved={saved}
        backCloses={backCloses}
        onAnotherVendor={isChoice ? () => setChosen(undefined) : undefined}
        {...events}
      />
    );
  }
  const isUnknown = vendors !== undefined && chosen !== undefined && !vendor;
  const reason = isUnknown ? { kind: "unknown-vendor" } : problem;
  return (
    <Dialog
      title={saved ? messages.editTitle : messages.addTitle}
      aside={<CloseButton aria-label={messages.close} onClick={events.onClose} />}
      className="dialog"
      onLeave={events.onClose}
    >
      {reason ? (
        <Alert color="red" role="alert" title={messages.failed}>
          {messages.reason(reason, vendor?.name ?? chosen ?? "", [])}
        </Alert>
      ) : (
        <Loader aria-label={messages.loading} />
      )}
    </Dialog>
  );
}
