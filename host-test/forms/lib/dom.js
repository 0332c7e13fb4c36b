// A DOM for React. Import it before React.

import { JSDOM } from 'jsdom';

const { window } = new JSDOM('<!doctype html><html lang="en"><body></body></html>', { pretendToBeVisual: true });

const names = ['window', 'document', 'navigator', 'Node', 'Element', 'HTMLElement', 'HTMLInputElement', 'Event', 'FocusEvent', 'MouseEvent'];
for (const name of names) {
  const value = name === 'window' ? window : window[name];
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
}
globalThis.IS_REACT_ACT_ENVIRONMENT = true;

/** Draws the element, hands the drawing to `look`, and removes it. */
export async function drawn(element, look) {
  const { act } = await import('react');
  const { createRoot } = await import('react-dom/client');
  const container = document.body.appendChild(document.createElement('div'));
  const root = createRoot(container);
  await act(async () => root.render(element));
  try {
    return await look(container);
  } finally {
    await act(async () => root.unmount());
    container.remove();
  }
}
