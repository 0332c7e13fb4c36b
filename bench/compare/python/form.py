"""Reading a credential document: every problem is noted, in the order of the form, as in `src/credential.rs`."""

import json
import re
from collections.abc import Callable
from math import isfinite
from typing import Any, TypeVar

from componentize_py_types import Err
from wit_world.exports.types import Error_InvalidCredential, Issue

MAX_DOCUMENT_BYTES = 64 * 1024
MAX_TEXT_CHARS = 1024
MAX_ID = 2**53 - 1
BLANKS = " \t\n\r\u00a0\u200b\ufeff"
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")

T = TypeVar("T")


def parse(text: str) -> Any:
    """Reads a JSON text, or fails with a `ValueError`; half a surrogate pair is none, nor is a number beyond all."""
    try:
        value = DECODER.decode(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if "\\u" in text:
        json.dumps(value, ensure_ascii=False).encode()
    return value


def finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError("a number beyond all")
    return number


DECODER = json.JSONDecoder(parse_float=finite, parse_constant=finite)


def is_whole(value: Any) -> bool:
    return type(value) is int or (type(value) is float and value.is_integer())


def read_id(value: Any) -> int | None:
    """Reads the number of something at the vendor, as JSON Schema does: `42.0` is an integer."""
    return int(value) if is_whole(value) and 1 <= value <= MAX_ID else None


class Form:
    """A document while it is read: members are taken out of it, problems are noted."""

    def __init__(self) -> None:
        self.issues: list[Issue] = []
        self.members: dict[str, Any] = {}
        self.asked: list[str] = []

    def parse(self, document: str) -> bool:
        if len(document.encode()) > MAX_DOCUMENT_BYTES:
            self.note("", "too-long", f"the document is too long: at most {MAX_DOCUMENT_BYTES} bytes")
            return False
        try:
            members = parse(document)
        except ValueError as error:
            line, column = getattr(error, "lineno", 1), getattr(error, "colno", 1)
            self.note("", "json", f"this is not JSON: see line {line}, column {column}")
            return False
        if not isinstance(members, dict):
            self.note("", "type", "the credential document must be a JSON object")
            return False
        self.members = members
        return True

    def note(self, pointer: str, code: str, message: str) -> None:
        self.issues.append(Issue(pointer, code, message))

    def has(self, name: str) -> bool:
        self.asked.append(name)
        return name in self.members

    def has_required(self, name: str) -> bool:
        if self.has(name):
            return True
        self.note(f"/{name}", "required", "this field is required")
        return False

    def text(self, name: str) -> str | None:
        """Takes a required text, without the blanks around it."""
        if not self.has_required(name):
            return None
        value = self.members[name]
        text = value.strip(BLANKS) if isinstance(value, str) else ""
        if not isinstance(value, str):
            self.note(f"/{name}", "type", "this field must be text")
        elif len(value) > MAX_TEXT_CHARS:
            self.note(f"/{name}", "too-long", f"this is too long: at most {MAX_TEXT_CHARS} characters")
        elif not text:
            self.note(f"/{name}", "blank", "this field must not be blank")
        elif CONTROL.search(text):
            message = "a line break or another control character was pasted along; remove it"
            self.note(f"/{name}", "control-character", message)
        else:
            return text
        return None

    def choice(self, name: str, choices: list[str]) -> str | None:
        """Takes a required choice."""
        return self.chosen(f"/{name}", self.members[name], choices) if self.has_required(name) else None

    def choices(self, name: str, choices: list[str]) -> list[str] | None:
        """Takes a required list of different choices, at least one; returns those that are good."""
        if not self.has_required(name):
            return None
        values = self.members[name]
        if not isinstance(values, list):
            self.note(f"/{name}", "type", "this field must be a list")
            return None
        if not values:
            self.note(f"/{name}", "too-few", "choose at least one")
        chosen: list[str] = []
        for index, value in enumerate(values):
            pointer = f"/{name}/{index}"
            word = self.chosen(pointer, value, choices)
            if word in chosen:
                self.note(pointer, "duplicate", "the same choice is there twice")
            elif word is not None:
                chosen.append(word)
        return chosen

    def chosen(self, pointer: str, value: Any, choices: list[str]) -> str | None:
        if value in choices:
            return value
        code = "not-a-choice" if isinstance(value, str) else "type"
        self.note(pointer, code, f"this must be one of {listed(choices)}")
        return None

    def id(self, name: str, required: str | None = None, refused: str | None = None) -> int | None:
        """Takes the number of something at the vendor; the sentences say why it must, or must not, be there."""
        pointer = f"/{name}"
        if not self.has(name):
            if required:
                self.note(pointer, "required", required)
            return None
        if refused:
            self.note(pointer, "not-combinable", refused)
            return None
        value = self.members[name]
        id = read_id(value)
        if id is None:
            code = "out-of-range" if is_whole(value) else "type"
            self.note(pointer, code, f"this must be a whole number from 1 to {MAX_ID}")
        return id

    def refuse_unread(self) -> None:
        """Reports the members that nobody took, and not by name: a name is what a person typed."""
        unread = len(self.members.keys() - self.asked)
        if unread:
            what = "a member" if unread == 1 else "members"
            message = f"the document has {what} that this form does not: it takes only {listed(self.asked)}"
            self.note("", "unknown", message)


def read_part(document: str, read: Callable[[Form], T | None]) -> T:
    """Parses a document and lets `read` take what it needs; what it did not take is ignored. Fails with every problem."""
    form = Form()
    value = read(form) if form.parse(document) else None
    if value is None or form.issues:
        raise Err(Error_InvalidCredential(form.issues))
    return value


def read_form(document: str, read: Callable[[Form], T | None]) -> T:
    """As `read_part`, but a member that nobody took is a problem."""

    def read_all(form: Form) -> T | None:
        value = read(form)
        form.refuse_unread()
        return value

    return read_part(document, read_all)


def listed(words: list[str]) -> str:
    """Names the choices: `a, b or c`."""
    return " or ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]
