"""Texts in English or French, chosen by look-up (RFC 4647 §3.4), like `text.rs` and `schema.rs` of
the guest SDK.
"""

import json
from typing import Any

from data import FRENCH, SCHEMAS, TRANSLATIONS


def language(locales: list[str]) -> str:
    """The language to use: "en" or "fr"."""
    for locale in locales:
        subtags = locale.lower().split("-")
        while subtags:
            tag = "-".join(subtags)
            if tag in ("en", "fr"):
                return tag
            subtags.pop()
            # A single letter or digit introduces the subtag behind it, and goes with it.
            if len(subtags) > 1 and len(subtags[-1]) == 1:
                subtags.pop()
    return "en"


def say(language: str, english: str, *values: object) -> str:
    """A text in a language, with `values` in the places of `%`."""
    text = FRENCH[english] if language == "fr" else english
    for value in values:
        text = text.replace("%", str(value), 1)
    return text


def listed(language: str, words: list[str], last: str) -> str:
    """Names the words: `a, b or c`."""
    if len(words) < 2:
        return words[0]
    return ", ".join(words[:-1]) + say(language, last) + words[-1]


def schema(vendor: str, locales: list[str]) -> str:
    """The schema of a vendor's form."""
    schema = SCHEMAS[vendor]
    if language(locales) == "fr":
        schema = translated(schema, TRANSLATIONS[vendor])
    return json.dumps(schema, ensure_ascii=False, separators=(",", ":"))


def translated(value: Any, table: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [translated(item, table) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: table.get(field, field)
        if name in ("title", "description") and isinstance(field, str)
        else translated(field, table)
        for name, field in value.items()
    }
