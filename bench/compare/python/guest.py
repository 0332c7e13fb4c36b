"""The connector plugin in Python: the functions of the contract, like `pipeline.rs` of the guest
SDK. Left out: zeroizing secrets, and the limit on how deep JSON nests.
"""

import json
from dataclasses import replace

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports.types import (
    Access,
    Authorization,
    Error_Other,
    Fault,
    RequestHead,
    Response,
    Session,
    Vendor,
    Verdict,
)
from wit_world.imports import wall_clock
from wit_world.imports.wall_clock import Datetime

from form import Form, read_form, read_some
from response import accept, classify, read_token
from texts import language, schema
from vendors import VENDORS, describe, find
from wire import Request, send

REFRESH_MARGIN_SECS = 15 * 60
ENGLISH: list[str] = []
UNKNOWN_CURSOR = Fault(
    code="unknown-cursor",
    message="the cursor is none that this plugin returned",
    retry=False,
)


class Credentials(exports.Credentials):
    def vendors(self) -> list[Vendor]:
        return [vendor.info for vendor in VENDORS]

    def describe(self, vendor: str, locales: list[str]) -> str:
        return json.dumps(describe(find(vendor), language(locales)), ensure_ascii=False)

    def credential_schema(self, vendor: str, locales: list[str]) -> str:
        return schema(find(vendor).info.id, locales)

    def validate(self, vendor: str, credential: str, locales: list[str]) -> None:
        read_form(credential, locales, find(vendor).read)

    def origins(self, vendor: str, credential: str) -> list[str]:
        found = find(vendor)
        read_form(credential, ENGLISH, found.read)
        return found.info.origins

    def authenticate(self, vendor: str, credential: str) -> Session:
        return open_session(vendor, credential, None)

    def refresh(self, vendor: str, credential: str, current: Session) -> Session:
        """To refresh is to repeat the token request (RFC 6749 §4.4.3)."""
        return open_session(vendor, credential, current.state)

    def inspect(
        self, vendor: str, credential: str, session: Session | None, cursor: str | None
    ) -> Access:
        found = find(vendor)

        def read(form: Form) -> Request | None:
            if cursor is not None:
                raise Err(Error_Other(UNKNOWN_CURSOR))
            return found.inspection_request(form)

        response = send(read_some(credential, ENGLISH, read))
        return found.access(accept(found, response, wall_clock.now()))

    def authorize(self, vendor: str, session: Session, request: RequestHead) -> Authorization:
        find(vendor)
        value = f"Bearer {session.access_token}".encode()
        return Authorization(headers=[("authorization", value)], query=[])

    def classify(self, vendor: str, response: Response) -> Verdict:
        return classify(find(vendor), response, wall_clock.now())


def open_session(id: str, document: str, state: str | None) -> Session:
    vendor = find(id)
    credential = read_form(document, ENGLISH, vendor.read)
    issued_at = wall_clock.now()
    fields = accept(vendor, send(vendor.token_request(credential)), issued_at)
    token = read_token(fields)
    margin = min(REFRESH_MARGIN_SECS, token.lifetime_secs // 2)

    def after(secs: int) -> Datetime:
        return replace(issued_at, seconds=issued_at.seconds + secs)

    return Session(
        access_token=token.access_token,
        state=state,
        account=vendor.account(credential, fields),
        base_url=vendor.base_url(credential, fields),
        scopes=credential.scopes if token.scopes is None else token.scopes,
        issued_at=issued_at,
        refresh_after=after(token.lifetime_secs - margin),
        expires_at=after(token.lifetime_secs),
    )
