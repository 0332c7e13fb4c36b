"""What a response comes to: the promised fields, the error that it is, or a verdict.

Like `response.rs`, `codes.rs`, `error_body.rs`, `token.rs`, `verdict.rs` and `date.rs` of the guest
SDK.
"""

import json
import re
from calendar import timegm
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from componentize_py_types import Err
from wit_world.exports import types
from wit_world.exports.types import InvalidResponse, Refusal, Verdict
from wit_world.imports.wall_clock import Datetime

from data import CODES, WORDS
from form import finite, integer, is_whole, parse
from wire import MAX_RESPONSE_BYTES, Headers, Response

MAX_CODE_CHARS = 64
MAX_CODES = 8
MAX_ERROR_DEPTH = 3
MAX_JSON_DEPTH = 128
MAX_ID_CHARS = 256
MAX_SCOPE_CHARS = 256
MAX_SCOPES = 256
MAX_TOKEN_CHARS = 16 * 1024
MAX_EXACT = 2**53 - 1
DEFAULT_LIFETIME_SECS = 3600
MIN_LIFETIME_SECS = 60
MAX_LIFETIME_SECS = 365 * 86_400
MAX_RETRY_AFTER_SECS = 86_400
MAX_CLASSIFIED_BYTES = 4096

KNOWN_WORDS = frozenset(WORDS)


@dataclass
class Fields:
    """The fields of a JSON object that a vendor promised."""

    status: int
    object: dict[str, Any]

    def value(self, name: str) -> Any:
        """The value of a field; `null` counts as absent."""
        return self.object.get(name)

    def string(self, name: str) -> str | None:
        """The string in a field; another type is an error."""
        value = self.value(name)
        if value is not None and not isinstance(value, str):
            raise self.invalid(name)
        return value

    def invalid(self, field: str) -> Err:
        return invalid_response(self.status, field)


def invalid_response(status: int, field: str) -> Err:
    return Err(types.Error_InvalidResponse(InvalidResponse(status, field)))


def accept(vendor: Any, response: Response, now: Datetime) -> Fields:
    """Reads the response of an endpoint that takes a credential.

    A known code decides before the status.
    """
    status = response.status
    error = read_error_body(response.body)
    is_success = status in (200, 201, 203)
    if is_success and error.success is not False and not error.has_error:
        return read_fields(response)

    def counts(meaning: str) -> bool:
        # A server that fails may say anything about a token or a request.
        return status < 500 or meaning not in ("expired", "malformed")

    meaning, code = decide(vendor, error.codes(), counts)
    refusal = Refusal(status, code, meaning is not None)
    wait = retry_after(response.headers, now)
    match meaning, status:
        case "throttled", _:
            raise Err(types.Error_Throttled(wait))
        case "forbidden", _:
            raise Err(types.Error_Forbidden(refusal))
        case "rejected" | "malformed" | "expired", _:
            raise Err(types.Error_Rejected(refusal))
        case None, _ if status == 429 or (400 <= status < 500 and wait is not None):
            raise Err(types.Error_Throttled(wait))
        case None, 403:
            raise Err(types.Error_Forbidden(refusal))
        case None, 400 | 401 | 200 | 201 | 203:
            raise Err(types.Error_Rejected(refusal))
        case _ if meaning == "unavailable" or status == 408 or 500 <= status < 600:
            raise Err(types.Error_Unavailable(wait))
        case _:
            raise invalid_response(status, "status")


def decide(
    vendor: Any, codes: list[str], counts: Callable[[str], bool]
) -> tuple[str | None, str | None]:
    """The first meaning that counts, and the code that may be passed on."""
    meanings = ((meaning_of(vendor, code), code) for code in codes)
    known = ((meaning, code) for meaning, code in meanings if meaning and counts(meaning))
    meaning, known_code = next(known, (None, None))
    if known_code is not None and is_passed_on(vendor, known_code):
        return meaning, known_code
    return meaning, next((code for code in codes if is_passed_on(vendor, code)), None)


def meaning_of(vendor: Any, code: str) -> str | None:
    return vendor.codes.get(code) or CODES.get(re.sub("[_. -]", "", code).lower())


def is_passed_on(vendor: Any, code: str) -> bool:
    if len(code) > MAX_CODE_CHARS or not re.fullmatch("[A-Za-z0-9_.:-]*", code):
        return False
    words = re.split("[_.:-]", code.lower())
    return meaning_of(vendor, code) is not None or KNOWN_WORDS.issuperset(words)


def read_fields(response: Response) -> Fields:
    if response.cut_off is not None:
        raise Err(types.Error_Unreachable(response.cut_off))
    try:
        is_short = len(response.body) <= MAX_RESPONSE_BYTES
        value = parse(response.body.decode()) if is_short else None
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise invalid_response(response.status, "body")
    return Fields(response.status, value)


def read_id(value: Any) -> str | None:
    """Reads an id that a vendor gives as a string or as a whole number."""
    if isinstance(value, str):
        is_id = len(value) <= MAX_ID_CHARS and re.fullmatch("[!-~]+", value)
        return value if is_id else None
    if type(value) is int and -(2**63) <= value < 2**63:
        return str(value)
    # A float beyond 2⁵³ may stand for another number.
    return str(int(value)) if is_whole(value) and abs(value) <= MAX_EXACT else None


@dataclass
class Token:
    access_token: str
    lifetime_secs: int
    scopes: list[str] | None


def read_token(fields: Fields) -> Token:
    """Reads the token reply of RFC 6749 §5.1.

    Optional fields that cannot be read count as absent.
    """
    access_token = fields.string("access_token") or ""
    is_token = re.fullmatch(r"[A-Za-z0-9_.~+/-]+=*", access_token)
    if len(access_token) > MAX_TOKEN_CHARS or not is_token:
        raise fields.invalid("access_token")
    if (fields.string("token_type") or "").lower() != "bearer":
        raise fields.invalid("token_type")
    lifetime_secs = read_lifetime(fields.value("expires_in"))
    if lifetime_secs is None:
        lifetime_secs = DEFAULT_LIFETIME_SECS
    return Token(access_token, lifetime_secs, read_scopes(fields.value("scope")))


def read_lifetime(value: Any) -> int | None:
    """Reads a lifetime given as a number, or as a string that is one, within the bounds."""
    if isinstance(value, str):
        try:
            value = parse(re.sub("^0+(?=[0-9])", "", value.strip()))
        except ValueError:
            return None
    if type(value) not in (int, float):
        return None
    return int(min(max(value, MIN_LIFETIME_SECS), MAX_LIFETIME_SECS))


def read_scopes(value: Any) -> list[str] | None:
    """Reads scopes, a list separated by spaces or an array.

    `None` when one of them is no scope.
    """
    scopes = scope_words(value)
    are_scopes = scopes and len(scopes) <= MAX_SCOPES and all(map(is_scope, scopes))
    return scopes if are_scopes else None


def readable_scopes(value: Any) -> list[str] | None:
    """Reads scopes in the same way, and skips what is no scope."""
    words = scope_words(value)
    return None if words is None else list(filter(is_scope, words[:MAX_SCOPES]))


def scope_words(value: Any) -> list[Any] | None:
    if isinstance(value, str):
        return [word for word in re.split("[ \t\n\r\f]+", value) if word]
    return value if isinstance(value, list) else None


def is_scope(word: Any) -> bool:
    is_word = isinstance(word, str) and len(word) <= MAX_SCOPE_CHARS
    return is_word and re.fullmatch(r"[!#-\[\]-~]+", word) is not None


@dataclass
class ErrorBody:
    """What a response says against itself."""

    success: bool | None = None
    has_error: bool = False
    ranked: list[tuple[int, str]] = field(default_factory=list)

    def codes(self) -> list[str]:
        """The codes of the failure, the more telling ones first."""
        ranked = sorted(self.ranked[:MAX_CODES], key=lambda pair: pair[0])
        return [code for _, code in ranked]


# Where a value stands: at the top, in an error, in `success`, or as a code of one of these ranks.
TOP, IN_ERROR, SUCCESS = "top", "error", "success"
ERROR, ERROR_CODE, CODE, TYPE = range(4)


def read_error_body(body: bytes) -> ErrorBody:
    """Reads the codes of a failure out of a body, as far as it can be read."""
    found = ErrorBody()
    text = re.sub(r"\A[^\x00-\x7f]+", "", body.decode(errors="replace"))
    collect(found, parse_part(text), TOP, 0)
    return found


def collect(found: ErrorBody, value: Any, place: str | int, depth: int) -> None:
    """Collects what a value says that stands in a place."""
    is_error = place == IN_ERROR
    is_read = depth < MAX_ERROR_DEPTH
    match value:
        case str():
            found.has_error |= is_error and value.strip() != ""
            rank = ERROR if is_error else place
            if isinstance(rank, int) and value:
                found.ranked.append((rank, value))
            if place == SUCCESS and value.lower() in ("true", "false"):
                found.success = value.lower() == "true"
        case bool() | int() | float():
            found.has_error |= is_error and bool(value)
            if place == SUCCESS:
                found.success = bool(value)
        case Pairs():
            for name, inner in value if is_error or place == TOP else []:
                found.has_error |= is_error
                inner_place = place_of(name, place)
                if is_read and inner_place is not None:
                    collect(found, inner, inner_place, depth + 1)
        case list() if is_error and is_read:
            for item in value:
                collect(found, item, IN_ERROR, depth + 1)
                found.has_error = True


def place_of(name: str, place: str | int) -> str | int | None:
    match name:
        case "error" | "errors":
            return IN_ERROR
        case "errorCode" | "error_code":
            return ERROR_CODE
        case "code":
            return ERROR_CODE if place == IN_ERROR else CODE
        case "type" if place == IN_ERROR:
            return TYPE
        case "success" if place == TOP:
            return SUCCESS
    return None


class Pairs(list):
    """An object whose fields are kept as they come, repeated names included."""


PART = json.JSONDecoder(
    parse_float=finite, parse_int=integer, parse_constant=finite, object_pairs_hook=Pairs
)
SPACE = re.compile(r"[ \t\n\r]*")


def parse_part(text: str) -> Any:
    """Parses JSON that may break off, up to there."""
    try:
        return PART.raw_decode(text, SPACE.match(text).end())[0]
    except (ValueError, RecursionError):
        pass
    whole: list[Any] = []
    try:
        parse_value(text, 0, 0, whole.append)
    except (ValueError, RecursionError):
        pass  # Only says where reading ended.
    return whole[0] if whole else None


def parse_value(text: str, at: int, depth: int, keep: Callable[[Any], None]) -> int:
    """Parses one value, and hands it over before its parts. Returns where it ends."""
    at = SPACE.match(text, at).end()
    if depth == MAX_JSON_DEPTH:
        raise ValueError("nested too deeply")
    match text[at : at + 1]:
        case "[":
            array: list[Any] = []
            keep(array)

            def parse_item(at: int) -> int:
                return parse_value(text, at, depth + 1, array.append)

            return parse_items(text, at, "]", parse_item)
        case "{":
            fields = Pairs()
            keep(fields)

            def parse_field(at: int) -> int:
                if text[at : at + 1] != '"':
                    raise ValueError("no name")
                name, at = PART.raw_decode(text, at)
                field = [name, None]
                fields.append(field)
                at = SPACE.match(text, at).end()
                if text[at : at + 1] != ":":
                    raise ValueError("no colon")
                return parse_value(text, at + 1, depth + 1, partial(field.__setitem__, 1))

            return parse_items(text, at, "}", parse_field)
    value, at = PART.raw_decode(text, at)
    keep(value)
    return at


def parse_items(text: str, at: int, end: str, parse_item: Callable[[int], int]) -> int:
    at = SPACE.match(text, at + 1).end()
    while text[at : at + 1] != end:
        at = SPACE.match(text, parse_item(at)).end()
        if text[at : at + 1] == ",":
            at = SPACE.match(text, at + 1).end()
        elif text[at : at + 1] != end:
            raise ValueError("no comma")
    return at + 1


def classify(vendor: Any, response: types.Response, now: Datetime) -> Verdict:
    """Classifies an API response by what it says about the session.

    Every response gets a verdict.
    """
    status = response.status
    error = read_error_body(response.body[:MAX_CLASSIFIED_BYTES])
    challenges = map(bearer_error, header(response.headers, "www-authenticate"))
    codes = error.codes() + [code for code in challenges if code is not None]
    is_failure = status >= 400 or error.success is False or error.has_error

    def counts(meaning: str) -> bool:
        is_of_session = meaning != "malformed" and (meaning != "expired" or status < 500)
        return is_failure and is_of_session

    meaning, code = decide(vendor, codes, counts)
    refusal = Refusal(status, code, meaning is not None)
    wait = retry_after(response.headers, now)
    match meaning, status:
        case "throttled", _:
            return types.Verdict_Throttled(wait)
        case "unavailable", _:
            return types.Verdict_Unavailable(wait)
        case "forbidden", _:
            return types.Verdict_Forbidden(refusal)
        case str(), _:
            return types.Verdict_Refresh(refusal)
        case _ if 500 <= status < 600:
            return types.Verdict_Unavailable(wait)
        case _ if status == 429 or (400 <= status < 500 and wait is not None):
            return types.Verdict_Throttled(wait)
        case _, 401:
            return types.Verdict_Refresh(refusal)
        case _, 403:
            return types.Verdict_Forbidden(refusal)
        case _:
            return types.Verdict_Accepted()


def bearer_error(field: str) -> str | None:
    """The `error` of a `Bearer` challenge (RFC 6750 §3). Commas within quotes separate nothing."""
    is_bearer = False
    for parameter in re.findall(r'(?:"[^"]*(?:"|\Z)|[^",])+', field):
        parameter = parameter.strip()
        # A challenge begins with its scheme and a space.
        if challenge := re.fullmatch(r"([^ \t=]*)[ \t](?!\s*=)(.*)", parameter, re.DOTALL):
            is_bearer = challenge[1].lower() == "bearer"
            parameter = challenge[2].strip()
        name, equals, value = parameter.partition("=")
        if is_bearer and equals and name.strip().lower() == "error":
            return value.strip().strip('"')
    return None


def header(headers: Headers, name: str) -> list[str]:
    """The values of a header field, as far as they are text."""
    values = []
    for key, value in headers:
        if key.lower() == name:
            try:
                values.append(value.decode())
            except UnicodeDecodeError:
                continue
    return values


def retry_after(headers: Headers, now: Datetime) -> int | None:
    """How many seconds to wait, by `Retry-After` in seconds or as a date (RFC 9110 §10.2.3)."""
    for value in header(headers, "retry-after"):
        secs = read_wait(value.strip(), headers, now)
        if secs is not None:
            return min(max(secs, 1), MAX_RETRY_AFTER_SECS)
    return None


def read_wait(value: str, headers: Headers, now: Datetime) -> int | None:
    """Reads one wait.

    A date is read against the response's own, since the local clock may be wrong.
    """
    if number := re.fullmatch(r"([0-9]+)(?:\.([0-9]*))?", value):
        is_more = re.search("[1-9]", number[2] or "") is not None
        return int(min(float(number[1]), MAX_RETRY_AFTER_SECS)) + is_more
    date = read_date(value)
    if date is None:
        return None
    sent = (read_date(sent) for sent in header(headers, "date"))
    return date - next((date for date in sent if date is not None), now.seconds)


MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
WEEKDAY, BETWEEN, TIME = r"[^ ,-]+", r"[ ,-]+", r"(?P<hours>\d+):(?P<minutes>\d+):(?P<secs>\d+)"
DAY, MONTH, YEAR = r"(?P<day>\d+)", f"(?P<month>{'|'.join(MONTHS)})", r"(?P<year>\d+)"
DATES = [
    # Sun, 06 Nov 1994 08:49:37 GMT, or Sunday, 06-Nov-94 08:49:37 GMT
    re.compile(BETWEEN.join([WEEKDAY, DAY, MONTH, YEAR, TIME, "GMT"]), re.ASCII),
    # Sun Nov  6 08:49:37 1994
    re.compile(BETWEEN.join([WEEKDAY, MONTH, DAY, TIME, YEAR]), re.ASCII),
]


def read_date(text: str) -> int | None:
    """Reads an HTTP date (RFC 9110 §5.6.7) as seconds since 1970."""
    text = text.strip(" ,-")
    found = DATES[0].fullmatch(text) or DATES[1].fullmatch(text)
    if not found:
        return None
    names = ("day", "year", "hours", "minutes", "secs")
    day, year, hours, minutes, secs = (int(found[name][:9]) for name in names)
    if len(found["year"]) == 2:
        year += 2000 if year < 70 else 1900
    is_date = 1 <= day <= 31 and 1970 <= year <= 9999
    is_time = hours <= 23 and minutes <= 59 and secs <= 60
    month = MONTHS.index(found["month"]) + 1
    return timegm((year, month, day, hours, minutes, secs)) if is_date and is_time else None
