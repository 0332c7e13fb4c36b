// The expected forms. They are written by hand, so that a wrong schema fails the tests.

const contentsquareScopes = [
  'data-export',
  'metrics',
  'enrichment',
  'speed-analysis',
  'surveys',
  'session-replay',
  'symbolicator',
];
const combinations = [
  ['data-export', 'metrics'],
  contentsquareScopes.filter((scope) => scope !== 'enrichment'),
  ['metrics', 'enrichment'],
  ['enrichment', 'surveys'],
];
const pair = { client_id: 'an id', client_secret: 'a;secret?' };

/**
 * Every state of every form: the chosen values, the fields shown and required for them, and the
 * validity of the filled form.
 */
export const states = [
  {
    vendor: 'hotjar',
    name: 'hotjar',
    chosen: {},
    shown: Object.keys(pair),
    required: Object.keys(pair),
    filled: pair,
    good: true,
  },
  ...['project', 'account'].flatMap((level) =>
    [...contentsquareScopes.map((scope) => [scope]), ...combinations].map((scopes) =>
      contentsquare(level, scopes),
    ),
  ),
];

function contentsquare(level, scopes) {
  const enrichment = scopes.includes('enrichment');
  const account = level === 'account';
  const always = ['client_id', 'client_secret', 'credential_level', 'scopes'];
  const chosen = { credential_level: level, scopes };
  return {
    vendor: 'contentsquare',
    name: `contentsquare, ${level}, ${scopes.join(' + ')}`,
    chosen,
    shown: [...always, 'project_id', ...(enrichment ? ['integration_id'] : [])],
    required: [
      ...always,
      ...(account ? ['project_id'] : []),
      ...(enrichment ? ['integration_id'] : []),
    ],
    filled: {
      ...pair,
      ...chosen,
      ...(account ? { project_id: 42 } : {}),
      ...(enrichment ? { integration_id: 7 } : {}),
    },
    good: !(enrichment && scopes.length > 1) && !(account && scopes.includes('surveys')),
  };
}

/** The secret fields. Only these are masked, in every state. */
export const masked = ['client_secret'];
