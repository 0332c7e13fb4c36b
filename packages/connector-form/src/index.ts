// What React pages import.
export type * from "./client";
export { Failed, reasonOf } from "./client";
export { ConnectorForm, type ConnectorFormProps } from "./ConnectorForm";
export type { CheckedDetail, ConnectorFormElement, SavedDetail } from "./element";
export { useBack } from "./leave";
export { credentialExpiry, messagesFor, safeLink, type Messages } from "./messages";
export { accountTitle, scopeTitle, secretTitles } from "./reading";
