"""Validates documents with Python's `jsonschema`, for `test/agreement.test.js`. The argument is the
file of the schema. Reads documents as JSON lines from standard input, and prints `true` or `false`
for each."""

import json
import sys

from jsonschema import Draft202012Validator

with open(sys.argv[1], encoding="utf-8") as file:
    schema = json.load(file)
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(schema)
sys.stdin.reconfigure(encoding="utf-8", newline="\n")
for line in sys.stdin:
    print(json.dumps(validator.is_valid(json.loads(line))))
