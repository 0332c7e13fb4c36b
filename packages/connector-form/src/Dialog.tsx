// A modal dialog of the browser. It stands above everything of the page, keeps the focus inside,
// and gives it back when it closes. A dialog of a library would do this with elements and styles
// outside of the shadow root.
import { useId, useLayoutEffect, useRef, type KeyboardEvent, type ReactNode } from "react";

interface Props {
  title: string;
  /** Beside the title, such as a button to close the dialog. */
  aside?: ReactNode;
  className: string;
  /** A person wants to leave by Escape, or by a gesture of the device. */
  onLeave: () => void;
  children: ReactNode;
}

/** Open as long as it is rendered. */
export function Dialog({ title, aside, className, onLeave, children }: Props) {
  const ref = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useLayoutEffect(() => {
    const dialog = ref.current;
    if (dialog && !dialog.open) dialog.showModal();
    return () => dialog?.close();
  }, []);

  // The browser's own handling of Escape closes the dialog in spite of an objection, if the person
  // did nothing else since the last one.
  const leaveOnEscape = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || event.nativeEvent.isComposing) return;
    event.preventDefault();
    event.stopPropagation();
    // An open list of choices closes first.
    const target = event.target as Element;
    if (!target.hasAttribute("data-mantine-stop-propagation")) onLeave();
  };
  const reopen = () => {
    const dialog = ref.current;
    if (!dialog || dialog.open || !dialog.isConnected) return;
    dialog.showModal();
    onLeave();
  };
  return (
    <dialog
      ref={ref}
      className={className}
      aria-labelledby={heading}
      onKeyDown={leaveOnEscape}
      onCancel={(event) => {
        if (event.target !== event.currentTarget) return;
        event.preventDefault();
        onLeave();
      }}
      onClose={reopen}
    >
      <div className="dialog-head">
        <h2 id={heading}>{title}</h2>
        {aside}
      </div>
      {children}
    </dialog>
  );
}
