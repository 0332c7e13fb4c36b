"""Reads a credential document field by field and reports every problem, in the order of the form,
like `form.rs` of the guest SDK.
"""

import json
import re
from collections.abc import Callable
from math import isfinite
from typing import Any, TypeVar

from componentize_py_types import Err
from wit_world.exports.types import Error_InvalidCredential, Issue

from data import CHARACTERS
from texts import language, listed, say

MAX_DOCUMENT_BYTES = 64 * 1024
MAX_STRING_CHARS = 1024
MAX_NAME_CHARS = 200
MAX_ID = 2**53 - 1
MAX_FLOAT_DIGITS = 308

HIDDEN = CHARACTERS["spaces"] + CHARACTERS["invisible"]
AROUND = rf"[\t-\r \x85{HIDDEN}]+"
AROUND = re.compile(rf"\A{AROUND}|{AROUND}\Z")
WITHIN = re.compile(f"[{HIDDEN}]")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
NOT_IN_NAMES = CHARACTERS["invisible"] + CHARACTERS["format"]
NOT_IN_NAMES = re.compile(rf"[\x00-\x1f\x7f-\x9f\u2028\u2029{NOT_IN_NAMES}]")

T = TypeVar("T")


def parse(text: str) -> Any:
    """Parses JSON, or fails with a `ValueError`.

    Half a surrogate pair is an error, and so is a number that is too large.
    """
    try:
        value = DECODER.decode(text.removeprefix("\ufeff"))
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if "\\u" in text:
        json.dumps(value, ensure_ascii=False).encode()
    return value


def finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError("a number that is too large")
    return number


def integer(text: str) -> int | float:
    return finite(text) if len(text) > MAX_FLOAT_DIGITS else int(text)


DECODER = json.JSONDecoder(parse_float=finite, parse_int=integer, parse_constant=finite)


def is_whole(value: Any) -> bool:
    """Whether a value is a whole number. As in JSON Schema, `42.0` is one."""
    return type(value) is int or (type(value) is float and value.is_integer())


def shown_name(vendors: str) -> str | None:
    """A vendor's name for something, fit to be shown; `None` when nothing is left."""
    return NOT_IN_NAMES.sub("", vendors)[:MAX_NAME_CHARS].strip() or None


class Form:
    """A credential document while it is read."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.issues: list[Issue] = []
        self.fields: dict[str, Any] = {}
        self.asked: list[str] = []

    def parse(self, document: str) -> bool:
        if len(document.encode()) > MAX_DOCUMENT_BYTES:
            message = "the document is too long: at most % bytes"
            self.report("", "too-long", message, MAX_DOCUMENT_BYTES)
            return False
        try:
            fields = parse(document)
        except ValueError as error:
            line, column = getattr(error, "lineno", 1), getattr(error, "colno", 1)
            self.report("", "json", "this is not JSON: see line %, column %", line, column)
            return False
        if not isinstance(fields, dict):
            self.report("", "type", "the credential document must be a JSON object")
            return False
        self.fields = fields
        return True

    def report(self, pointer: str, code: str, message: str, *values: object) -> None:
        """Reports a problem, with `values` in the places of `%` in the message."""
        self.issues.append(Issue(pointer, code, say(self.language, message, *values)))

    def has(self, name: str) -> bool:
        self.asked.append(name)
        return name in self.fields

    def has_required(self, name: str) -> bool:
        if self.has(name):
            return True
        self.report(f"/{name}", "required", "this field is required")
        return False

    def string(self, name: str) -> str | None:
        """Reads a required string, without whitespace and invisible characters around it."""
        if not self.has_required(name):
            return None
        value = self.fields[name]
        pointer = f"/{name}"
        if not isinstance(value, str):
            self.report(pointer, "type", "this field must be a string")
            return None
        string = AROUND.sub("", value)
        if len(value) > MAX_STRING_CHARS:
            message = "this is too long: at most % characters"
            self.report(pointer, "too-long", message, MAX_STRING_CHARS)
        elif not string:
            self.report(pointer, "blank", "this field must not be blank")
        elif CONTROL.search(string):
            message = "this contains a line break or another control character; remove it"
            self.report(pointer, "control-character", message)
        elif WITHIN.search(string):
            message = (
                "this contains an invisible character or an unusual space; "
                "type it again or copy it elsewhere"
            )
            self.report(pointer, "invisible-character", message)
        else:
            return string
        return None

    def choice(self, name: str, choices: list[str]) -> str | None:
        """Reads a required choice."""
        if not self.has_required(name):
            return None
        return self.chosen(f"/{name}", self.fields[name], choices)

    def choices(self, name: str, choices: list[str]) -> list[str] | None:
        """Reads a required list of different choices, at least one. Returns the good ones."""
        if not self.has_required(name):
            return None
        values = self.fields[name]
        if not isinstance(values, list):
            self.report(f"/{name}", "type", "this field must be a list")
            return None
        if not values:
            self.report(f"/{name}", "too-few", "choose at least one")
        chosen: list[str] = []
        for index, value in enumerate(values):
            pointer = f"/{name}/{index}"
            if value in chosen:
                self.report(pointer, "duplicate", "the same choice is there twice")
            elif self.chosen(pointer, value, choices) is not None:
                chosen.append(value)
        return chosen

    def chosen(self, pointer: str, value: Any, choices: list[str]) -> str | None:
        if value in choices:
            return value
        code = "not-a-choice" if isinstance(value, str) else "type"
        words = listed(self.language, choices, " or ")
        self.report(pointer, code, "this must be one of %", words)
        return None

    def id(self, name: str, required: str | None = None, refused: str | None = None) -> int | None:
        """Reads the number of something at the vendor.

        `required` and `refused` say why it must be there, or must not.
        """
        pointer = f"/{name}"
        if not self.has(name):
            if required:
                self.report(pointer, "required", required)
            return None
        if refused:
            self.report(pointer, "not-combinable", refused)
            return None
        value = self.fields[name]
        if is_whole(value) and 1 <= value <= MAX_ID:
            return int(value)
        code = "out-of-range" if is_whole(value) else "type"
        self.report(pointer, code, "this must be a whole number from % to %", 1, MAX_ID)
        return None

    def refuse_unread(self) -> None:
        """Reports the fields that nobody asked for, and not by name: a person typed the name."""
        if self.fields.keys() - self.asked:
            message = "the document has fields that this form does not have: it accepts only %"
            self.report("", "unknown", message, listed(self.language, self.asked, " and "))


def read_some(document: str, locales: list[str], read: Callable[[Form], T | None]) -> T:
    """Parses a document and lets `read` take the fields. Fails with every problem.

    Fields that it did not ask for are ignored.
    """
    form = Form(language(locales))
    value = read(form) if form.parse(document) else None
    if value is None or form.issues:
        raise Err(Error_InvalidCredential(form.issues))
    return value


def read_form(document: str, locales: list[str], read: Callable[[Form], T | None]) -> T:
    """Does the same as `read_some`, but a field that `read` did not ask for is a problem."""

    def read_all(form: Form) -> T | None:
        value = read(form)
        form.refuse_unread()
        return value

    return read_some(document, locales, read_all)
