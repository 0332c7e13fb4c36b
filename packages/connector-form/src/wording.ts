// Parts of sentences: lists, and spans of time.

export function lowered(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

/** "a", "a and b", "a, b and c". */
export function listed(names: string[], and: string): string {
  const last = names.at(-1) ?? "";
  return names.length > 1 ? `${names.slice(0, -1).join(", ")} ${and} ${last}` : last;
}

const UNITS: [unit: string, seconds: number][] = [
  ["day", 24 * 60 * 60],
  ["hour", 60 * 60],
  ["minute", 60],
];

/** "45 seconds", "1 hour", "3 days": in the largest unit of which there are two, or just one. */
export function duration(seconds: number, locale: string): string {
  const isApt = ([, size]: [string, number]) => seconds === size || seconds >= 2 * size;
  const [unit, size] = UNITS.find(isApt) ?? ["second", 1];
  const format = new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "long" });
  return format.format(Math.ceil(seconds / size));
}
