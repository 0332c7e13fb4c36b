// The address of the page: the route in its fragment, and the token of the printed link. The token
// moves from the address to the storage of the tab, where a reload finds it.

/** The key of the token in the storage of the tab. */
const TOKEN = "connector-token";

/** `#/route?token=…`, the form of the printed link. */
function read(): { route: string; token: string | undefined } {
  const [path = "", query = ""] = window.location.hash.replace(/^#\/?/, "").split("?", 2);
  let route = "";
  try {
    route = decodeURIComponent(path);
  } catch {
    // Not an address of this page.
  }
  return { route, token: new URLSearchParams(query).get("token") ?? undefined };
}

/** The token; in memory too, for a browser whose tabs have no storage. */
let current: string | undefined;

function store(token: string): boolean {
  try {
    window.sessionStorage.setItem(TOKEN, token);
    return window.sessionStorage.getItem(TOKEN) === token;
  } catch {
    return false;
  }
}

/**
 * Takes the token from the address. It stays in the address only where the tab has no storage: a
 * reload would not find it otherwise. Returns whether it is another one than before.
 */
export function takeToken(): boolean {
  const { route, token } = read();
  if (!token) return false;
  const isOther = token !== accessToken();
  current = token;
  if (store(token)) {
    const address = route === "" ? window.location.pathname : fragment(route);
    window.history.replaceState(window.history.state, "", address);
  }
  return isOther;
}

/** The token of the printed link, if this tab was opened with it. */
export function accessToken(): string | undefined {
  if (current) return current;
  try {
    current = window.sessionStorage.getItem(TOKEN) ?? undefined;
  } catch {
    // Without storage, only the address has it.
  }
  return current;
}

function fragment(route: string): string {
  return `#/${encodeURIComponent(route)}`;
}

/** The address of a route, with the token if the present address has to keep it. */
export function addressOf(route: string): string {
  const { token } = read();
  return token ? `${fragment(route)}?token=${encodeURIComponent(token)}` : fragment(route);
}

/** The route of the present address: the id of a vendor, or nothing. */
export function route(): string {
  return read().route;
}
