"""What an answer comes to: the members that were promised, the error that it is, or a verdict.

As in `src/reply.rs`, `src/token.rs`, `src/verdict.rs` and `src/http.rs`.
"""

import json
import re
from calendar import timegm
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from componentize_py_types import Err
from wit_world.exports import types
from wit_world.exports.types import Misreply, Refusal, Verdict
from wit_world.imports.wall_clock import Datetime

from credential import DECODER, parse
from wire import MAX_REPLY_BYTES, Headers, Reply

MAX_CODE_CHARS = 64
MAX_SCOPE_CHARS = 256
MAX_TOKEN_CHARS = 16 * 1024
DEFAULT_LIFETIME_SECS = 3600
MIN_LIFETIME_SECS = 60
DAY_SECS = 86_400
ENOUGH_BODY_BYTES = 4096

# The words of which vendors make codes; whatever else stands in the place of one stays behind.
CODE_WORDS = frozenset(
    """access account active api app application auth authentication authorization bad bearer blocked call calls client closed code
    concurrent conflict credential credentials customer deleted denied disabled does enabled endpoint enrichment error exceeded exist
    exists expire expired export failed failure feature forbidden format found grant id inactive incorrect insufficient integration
    internal invalid ip jwt key limit limited locked login malformed many method metrics mismatch missing no not oauth of organization
    parameter password permission permissions plan project quota rate refused request required resource response revoked role scope
    scopes secret server service site subscription suspended temporarily throttled token too type unauthenticated unauthorized
    unavailable unknown unsupported user validation wrong""".split()
)


@dataclass
class Members:
    """The members of a reply that was promised as a JSON object with status 200."""

    status: int
    object: dict[str, Any]

    def value(self, name: str) -> Any:
        """The value of a member; `null` counts as absent."""
        return self.object.get(name)

    def text(self, name: str) -> str | None:
        """The text of a member; another type is an error."""
        value = self.value(name)
        if value is not None and not isinstance(value, str):
            raise self.unintelligible(name)
        return value

    def unintelligible(self, part: str) -> Err:
        return unintelligible(self.status, part)


def unintelligible(status: int, part: str) -> Err:
    return Err(types.Error_Unintelligible(Misreply(status, part)))


def accept(vendor: Any, reply: Reply, now: Datetime) -> Members:
    """Reads the reply of an endpoint that takes a credential; the status first, as RFC 6749 §5.2 has it."""
    status = reply.status
    success, codes = complaint(reply.body)
    refusal = Refusal(status, next(filter(is_speakable, codes), None))
    throttles = any(isinstance(vendor.meanings.get(code), types.Verdict_Throttled) for code in codes)
    match status:
        case 200 if success is not False:
            return read_members(reply)
        case _ if (status == 200 or 400 <= status < 500) and throttles:
            raise Err(types.Error_Throttled(retry_after(reply.headers, now)))
        case 400 if "invalid_scope" in codes or "unauthorized_client" in codes:
            raise Err(types.Error_Forbidden(refusal))
        case 200 | 400 | 401:
            raise Err(types.Error_Rejected(refusal))
        case 403:
            raise Err(types.Error_Forbidden(refusal))
        case 429:
            raise Err(types.Error_Throttled(retry_after(reply.headers, now)))
        case _ if 500 <= status < 600:
            raise Err(types.Error_Unavailable(retry_after(reply.headers, now)))
        case _:
            raise unintelligible(status, "status")


def is_speakable(code: str) -> bool:
    return len(code) <= MAX_CODE_CHARS and CODE_WORDS.issuperset(re.split("[_.-]", code.lower()))


def read_members(reply: Reply) -> Members:
    if reply.cut is not None:
        raise Err(types.Error_Unreachable(reply.cut))
    try:
        value = parse(reply.body.decode()) if len(reply.body) <= MAX_REPLY_BYTES else None
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise unintelligible(reply.status, "body")
    return Members(reply.status, value)


@dataclass
class Token:
    access_token: str
    lifetime_secs: int
    scopes: list[str] | None


def read_token(members: Members) -> Token:
    """The token reply of RFC 6749 §5.1."""
    access_token = members.text("access_token") or ""
    if len(access_token) > MAX_TOKEN_CHARS or not re.fullmatch(r"[A-Za-z0-9_.~+/-]+=*", access_token):
        raise members.unintelligible("access_token")
    if (members.text("token_type") or "").lower() != "bearer":
        raise members.unintelligible("token_type")
    expires_in = members.value("expires_in")
    lifetime_secs = DEFAULT_LIFETIME_SECS if expires_in is None else read_lifetime(expires_in)
    if lifetime_secs is None:
        raise members.unintelligible("expires_in")
    scope = members.text("scope") or ""
    scopes = read_scopes(scope) if scope.strip() else None
    if scope.strip() and scopes is None:
        raise members.unintelligible("scope")
    return Token(access_token, lifetime_secs, scopes)


def read_lifetime(value: Any) -> int | None:
    """A lifetime as a number, or as text that is a number, within what is believed."""
    try:
        secs = parse(value) if isinstance(value, str) else value
    except ValueError:
        return None
    return int(min(max(secs, MIN_LIFETIME_SECS), DAY_SECS)) if type(secs) in (int, float) else None


def read_scopes(text: str) -> list[str] | None:
    """Splits a space-delimited list of scopes (RFC 6749 §3.3)."""
    scopes = [scope for scope in text.split(" ") if scope]
    are_scopes = all(len(scope) <= MAX_SCOPE_CHARS and re.fullmatch(r"[!#-\[\]-~]+", scope) for scope in scopes)
    return scopes if are_scopes else None


def complaint(body: bytes) -> tuple[bool | None, list[str]]:
    """What an answer says against itself, as far as it can be read: what stood before its end counts."""
    success = None
    said: dict[str, str] = {}
    text = re.sub(r"\A[^\x00-\x7f]+", "", body.decode(errors="replace"))
    try:
        for name, value in entries(text):
            if name == "success":
                success = value if isinstance(value, bool) else None
            elif isinstance(value, str):
                said[name] = value
    except (ValueError, RecursionError):
        pass  # Only says where reading ended.
    return success, [said[name] for name in ("error", "errorCode", "code") if name in said]


SPACE = re.compile(r"[ \t\n\r]*")


def entries(text: str) -> Iterator[tuple[str, Any]]:
    """The members of an object that may break off."""

    def skip(at: int, expected: str) -> int:
        at = SPACE.match(text, at).end()
        if text[at : at + 1] != expected:
            raise ValueError(expected)
        return SPACE.match(text, at + 1).end()

    at = skip(0, "{")
    while True:
        name, at = DECODER.raw_decode(text, at)
        value, at = DECODER.raw_decode(text, skip(at, ":"))
        yield name, value
        at = skip(at, ",")


def judge(vendor: Any, response: types.Response, now: Datetime) -> Verdict:
    """Tells what an API response says about the session. Any answer gets a verdict."""
    status = response.status
    success, codes = complaint(response.body[:ENOUGH_BODY_BYTES])
    if status < 400 and success is not False:
        return types.Verdict_Accepted()
    codes += map(bearer_error, header(response.headers, "www-authenticate"))
    meaning = next((vendor.meanings[code] for code in codes if code in vendor.meanings), None)
    if 500 <= status < 600:
        meaning = types.Verdict_Unavailable(None)
    elif status == 401:
        meaning = types.Verdict_Refresh()
    elif meaning is None and status == 403:
        meaning = types.Verdict_Forbidden()
    elif meaning is None and status == 429:
        meaning = types.Verdict_Throttled(None)
    match meaning:
        case None:
            return types.Verdict_Accepted()
        case types.Verdict_Throttled() | types.Verdict_Unavailable():
            return type(meaning)(retry_after(response.headers, now))
        case _:
            return meaning


def bearer_error(field: str) -> str | None:
    """The `error` of a `Bearer` challenge (RFC 6750 §3); what stands in quotes is a value and nothing else."""
    is_bearer = False
    for parameter in re.findall(r'(?:"[^"]*(?:"|\Z)|[^",])+', field):
        parameter = parameter.strip()
        if challenge := re.fullmatch(r"([^ \t=]*)[ \t](.*)", parameter, re.DOTALL):
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
    for field in header(headers, "retry-after"):
        value = field.strip()
        if re.fullmatch("[0-9]+", value):
            # More digits than a day has are a day, and Python does not read thousands.
            secs = int(value.lstrip("0")[:6] or 0)
        elif (date := read_date(value)) is not None:
            secs = date - now.seconds
        else:
            continue
        return min(max(secs, 1), DAY_SECS)
    return None


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
    """An HTTP date (RFC 9110 §5.6.7) as seconds since 1970."""
    found = DATES[0].fullmatch(text) or DATES[1].fullmatch(text)
    if not found:
        return None
    day, year, hours, minutes, secs = (int(found[name]) for name in ("day", "year", "hours", "minutes", "secs"))
    if len(found["year"]) == 2:
        year += 2000 if year < 70 else 1900
    is_date = 1 <= day <= 31 and 1970 <= year <= 9999 and hours <= 23 and minutes <= 59 and secs <= 60
    return timegm((year, MONTHS.index(found["month"]) + 1, day, hours, minutes, secs)) if is_date else None
