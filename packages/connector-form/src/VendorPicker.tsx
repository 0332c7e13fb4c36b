// The choice of a vendor, if there are several.
import { CloseButton } from "@mantine/core";
import { useEffect, useRef } from "react";

import type { Vendor } from "./client";
import { Dialog } from "./Dialog";
import { useBack } from "./leave";
import { useMessages } from "./texts";

interface Props {
  vendors: Vendor[];
  backCloses: boolean;
  onChoose: (vendor: Vendor) => void;
  onClose: () => void;
}

export function VendorPicker({ vendors, backCloses, onChoose, onClose }: Props) {
  const messages = useMessages();
  const first = useRef<HTMLButtonElement>(null);
  useEffect(() => first.current?.focus(), []);
  useBack(backCloses, () => {
    onClose();
    return true;
  });
  return (
    <Dialog
      title={messages.chooseVendor}
      aside={<CloseButton aria-label={messages.close} onClick={onClose} />}
      className="dialog"
      onLeave={onClose}
    >
      <ul className="vendors">
        {vendors.map((vendor, index) => (
          <li key={vendor.id}>
            <button
              ref={index === 0 ? first : null}
              type="button"
              className="vendor"
              onClick={() => onChoose(vendor)}
            >
              {vendor.icon?.startsWith("data:image/") ? (
                <img src={vendor.icon} alt="" />
              ) : (
                <span className="monogram" aria-hidden="true">
                  {Array.from(vendor.name)[0]?.toUpperCase()}
                </span>
              )}
              <span>
                <strong>{vendor.name}</strong>
                {vendor.summary && <span className="muted summary">{vendor.summary}</span>}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
