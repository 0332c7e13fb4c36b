"""Reads credential documents as JSON lines and prints `true` or `false` for each: what Python's `jsonschema` says of it by the schema in the
file that is named. One of the three validators that `test/agreement.test.js` compares."""

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
