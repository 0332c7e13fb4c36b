// Generates credential documents for a schema, as JSON strings, the same in every run. Some have
// missing, invalid or additional fields, or numbers in notations on which parsers disagree.

const validStrings = [
  'an id',
  ' spaced ',
  'a;secret?&=+% "\\',
  'é€😀',
  '\u00a0x\ufeff',
  'x'.repeat(1024),
  '😀'.repeat(1024),
  'two\u2003words',
];
const invalidStrings = [
  '',
  ' ',
  '\n',
  '\u200b\ufeff',
  'a\u0000b',
  'a\nb',
  '\u0085',
  'x\u007f',
  'x'.repeat(1025),
  '😀'.repeat(1025),
  'a\n\u2003',
];
const validNumbers = ['1', '42', '42.0', '4.2e1', '9007199254740991', '99999'];
const invalidNumbers = [
  '0',
  '-1',
  '1.5',
  '9007199254740992',
  '9007199254740993',
  '18446744073709551615',
  '123456789012345678901234567890',
  '1e300',
  '-0',
  '0.0',
];
const anything = ['null', 'true', '"text"', '42', '[]', '{}', '[["metrics"]]', '[null]', '"42"'];
const extras = ['extra', '__proto__', 'constructor', 'toString', '', 'client_id '];

/** A linear congruential generator of numbers in [0, 1): reproducible, and random enough here. */
function numbers(seed) {
  let state = BigInt(seed);
  return () => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn;
    return Number(state >> 11n) / 2 ** 53;
  };
}

/** `count` documents for `schema`, valid and invalid. */
export function documents(schema, count) {
  const next = numbers(1);
  const chance = (odds) => next() < odds;
  const one = (list) => list[Math.floor(next() * list.length)];
  const list = (values) => {
    const length = chance(0.5) ? 1 : Math.floor(next() * 5);
    const picked = Array.from({ length }, () => (chance(0.03) ? 'nonsense' : one(values)));
    return JSON.stringify(picked);
  };
  const consts = (choices) => choices.map((choice) => choice.const);
  const value = (field) => {
    if (chance(0.03)) return one(anything);
    if (field.oneOf) return JSON.stringify(chance(0.03) ? 'nonsense' : one(consts(field.oneOf)));
    if (field.type === 'array') return list(consts(field.items.oneOf));
    if (field.type === 'integer') return one(chance(0.1) ? invalidNumbers : validNumbers);
    return JSON.stringify(one(chance(0.06) ? invalidStrings : validStrings));
  };
  const document = () => {
    if (chance(0.005)) return one(anything);
    const isPresent = (name) => chance(schema.required.includes(name) ? 0.98 : 0.5);
    const names = Object.keys(schema.properties).filter(isPresent);
    const field = (name) => `${JSON.stringify(name)}:${value(schema.properties[name])}`;
    const fields = names.map(field);
    if (chance(0.05)) fields.push(`${JSON.stringify(one(extras))}:${one(anything)}`);
    return `{${fields.join(',')}}`;
  };
  return Array.from({ length: count }, document);
}
