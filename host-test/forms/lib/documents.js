// Credential documents similar to a schema, as JSON strings, the same in every run: with missing, wrong and additional fields.
// Some numbers are written in ways that parsers and validators may read differently.

const fittingTexts = ['an id', ' spaced ', 'a;secret?&=+% "\\', 'é€😀', '\u00a0x\ufeff', 'x'.repeat(1024), '😀'.repeat(1024), 'two\u2003words'];
const wrongTexts = ['', ' ', '\n', '\u200b\ufeff', 'a\u0000b', 'a\nb', '\u0085', 'x\u007f', 'x'.repeat(1025), '😀'.repeat(1025), 'a\n\u2003'];
const fittingNumbers = ['1', '42', '42.0', '4.2e1', '9007199254740991', '99999'];
const wrongNumbers = ['0', '-1', '1.5', '9007199254740992', '9007199254740993', '18446744073709551615', '123456789012345678901234567890', '1e300', '-0', '0.0'];
const anything = ['null', 'true', '"text"', '42', '[]', '{}', '[["metrics"]]', '[null]', '"42"'];
const extras = ['extra', '__proto__', 'constructor', 'toString', '', 'client_id '];

/** Numbers in [0, 1), always the same ones (a linear congruential generator, which is as random as this needs). */
function numbers(seed) {
  let state = BigInt(seed);
  return () => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn;
    return Number(state >> 11n) / 2 ** 53;
  };
}

/** `count` documents around `schema`. */
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
    if (field.type === 'integer') return one(chance(0.1) ? wrongNumbers : fittingNumbers);
    return JSON.stringify(one(chance(0.06) ? wrongTexts : fittingTexts));
  };
  const document = () => {
    if (chance(0.005)) return one(anything);
    const names = Object.keys(schema.properties).filter((name) => chance(schema.required.includes(name) ? 0.98 : 0.5));
    const members = names.map((name) => `${JSON.stringify(name)}:${value(schema.properties[name])}`);
    if (chance(0.05)) members.push(`${JSON.stringify(one(extras))}:${one(anything)}`);
    return `{${members.join(',')}}`;
  };
  return Array.from({ length: count }, document);
}
