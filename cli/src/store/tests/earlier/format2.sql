PRAGMA application_id = 1668441444;
PRAGMA user_version = 2;
CREATE TABLE key_check (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    value BLOB NOT NULL
) STRICT;
CREATE TABLE credential (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    seal_id BLOB NOT NULL CHECK (length(seal_id) = 16),
    name TEXT NOT NULL UNIQUE,
    description TEXT,
    vendor TEXT NOT NULL,
    fields TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE secret (
    credential INTEGER NOT NULL REFERENCES credential (id) ON DELETE CASCADE,
    member TEXT NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (credential, member)
) STRICT, WITHOUT ROWID;
CREATE TABLE session (
    credential INTEGER PRIMARY KEY REFERENCES credential (id) ON DELETE CASCADE,
    vendor TEXT NOT NULL,
    sealed BLOB NOT NULL
) STRICT;
INSERT INTO key_check VALUES (
  1,
  x'0120f65c28671b40937c5bf23acc7c6f37e5a5ec0622e347b57dcebd55f73fb3e60d8164dfa97b7324e867d942ff30a48c89e479841f9456'
);
INSERT INTO credential VALUES (
  1,
  x'a7937b64b8caa58f03721bb6bacf5c78',
  'first',
  'what it is for',
  'acme',
  '{"key":"k"}',
  1700000000000,
  1700000000001
);
INSERT INTO credential VALUES (
  2,
  x'16367aacb67a4a017c8da8ab95682ccb',
  'second',
  'what it is for',
  'acme',
  '{"key":"k"}',
  1700000000000,
  1700000000002
);
INSERT INTO secret VALUES (
  1,
  'hidden',
  x'01a7937b64b8caa58f03721bb6bacf5c78cb235febe0e70b1b639e7b3ad232653e316869af3fbe89a0519b12c543ae7d4e024dc7b2b4d21c58a3872c2ed4bb62f5f636289f3fa1'
);
INSERT INTO secret VALUES (
  2,
  'hidden',
  x'0116367aacb67a4a017c8da8ab95682ccb390863780f7114dd335c19fea11cb460e7ac681e99b135b16e0fc2d4d2b8046a454cfb0e034dc36129bbbd69c039ec9429'
);
INSERT INTO session VALUES (
  1,
  'acme',
  x'013f3af1ecebbd1410ab417ec0d27bbfcb5d340e177ae159b59edd400beee1cdc5ff961f2ee76501f62f8a89526055ee5a19826ff8328f'
);
