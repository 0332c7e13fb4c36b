// Provides a DOM for React. Import this module before React.

import { JSDOM } from 'jsdom';

const page = '<!doctype html><html lang="en"><body></body></html>';
const { window } = new JSDOM(page, { pretendToBeVisual: true });

const names = [
  'window',
  'document',
  'navigator',
  'Node',
  'Element',
  'HTMLElement',
  'HTMLInputElement',
  'Event',
  'FocusEvent',
  'MouseEvent',
];
for (const name of names) {
  const value = name === 'window' ? window : window[name];
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
}
globalThis.IS_REACT_ACT_ENVIRONMENT = true;

/** Renders the element, passes its container to `inspect`, and removes it. */
export async function rendered(element, inspect) {
  const { act } = await import('react');
  const { createRoot } = await import('react-dom/client');
  const container = document.body.appendChild(document.createElement('div'));
  const root = createRoot(container);
  await act(async () => root.render(element));
  try {
    return await inspect(container);
  } finally {
    await act(async () => root.unmount());
    container.remove();
  }
}
