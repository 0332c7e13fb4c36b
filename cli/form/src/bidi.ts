// Names in sentences of another direction.

/** A name in a sentence: one from right to left must not turn the words around it. */
export function isolated(name: string): string {
  return /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}]/u.test(name)
    ? `\u2068${name}\u2069`
    : name;
}
