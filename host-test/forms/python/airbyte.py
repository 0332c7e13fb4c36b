"""Checks an exported specification by Airbyte's own model and the rules of its acceptance tests.
Reads the specification, its schema and documents from standard input. Raises an assertion error
if a check fails."""

import json
import sys

from airbyte_protocol.models import ConnectorSpecification
from jsonschema import Draft7Validator, Draft202012Validator

# Keywords that Airbyte rejects, because its form ignores them.
FORBIDDEN = {
    "$ref",
    "allOf",
    "anyOf",
    "dependentRequired",
    "dependentSchemas",
    "else",
    "if",
    "not",
    "patternProperties",
    "prefixItems",
    "then",
}


def keywords(schema):
    """All keywords of the schema and its subschemas."""
    for keyword, value in schema.items():
        yield keyword
        if keyword == "properties":
            for below in value.values():
                yield from keywords(below)
        elif isinstance(value, dict):
            yield from keywords(value)


def check(given):
    specification, schema = given["specification"], given["schema"]
    model = ConnectorSpecification.model_validate(specification)
    assert not model.model_extra, model.model_extra
    assert str(model.documentationUrl) == given["page"], model.documentationUrl

    connection = model.connectionSpecification
    Draft7Validator.check_schema(connection)
    assert connection["$schema"] == Draft7Validator.META_SCHEMA["$schema"]
    assert connection["additionalProperties"] is True
    assert not FORBIDDEN & set(keywords(connection)), FORBIDDEN & set(keywords(connection))

    properties = connection["properties"]
    assert list(properties) == list(schema["properties"])
    assert [field["order"] for field in properties.values()] == list(range(len(properties)))
    secret = [name for name, field in properties.items() if field.get("airbyte_secret")]
    write_only = [name for name, field in schema["properties"].items() if field.get("writeOnly")]
    assert secret == write_only
    assert all(properties[name]["type"] == "string" for name in secret)
    assert all("title" in field and "description" in field for field in properties.values())

    theirs, ours = Draft7Validator(connection), Draft202012Validator(schema)
    documents = [json.loads(document) for document in given["documents"]]
    good = [document for document in documents if ours.is_valid(document)]
    assert len(good) > len(documents) // 20, len(good)
    rejected = [document for document in good if not theirs.is_valid(document)]
    assert not rejected, rejected[0]
    assert not theirs.is_valid({})


sys.stdin.reconfigure(encoding="utf-8")
check(json.load(sys.stdin))
