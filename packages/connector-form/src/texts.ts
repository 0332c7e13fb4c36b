// The texts of the form within its components.
import { createContext, useContext } from "react";

import { english } from "./english";
import type { Messages } from "./messages";

const MessagesContext = createContext(english);

export const MessagesProvider = MessagesContext.Provider;

export function useMessages(): Messages {
  return useContext(MessagesContext);
}
