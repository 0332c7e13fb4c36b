// The client of the form within its components, and the languages of its calls.
import { createContext, useContext, useEffect, useMemo, useRef } from "react";

import type { Call, Client } from "./client";

/** A client, and the languages of its texts. */
export interface Connection {
  client: Client;
  locales: readonly string[];
}

const ConnectionContext = createContext<Connection | undefined>(undefined);

export const ConnectionProvider = ConnectionContext.Provider;

/** The client, and the circumstances of calls that end with the component. */
export function useClient(): { client: Client; call: () => Call } {
  const connection = useContext(ConnectionContext);
  if (!connection) throw new Error("the form has no client; set its property `client`");
  const unmount = useRef<AbortController>(null);
  useEffect(() => {
    unmount.current = new AbortController();
    return () => unmount.current?.abort();
  }, []);
  return useMemo(() => {
    const { client, locales } = connection;
    const call = () => ({ locales, signal: (unmount.current ??= new AbortController()).signal });
    return { client, call };
  }, [connection]);
}
