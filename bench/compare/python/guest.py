"""The connector plugin once more, in Python: the seven verbs of the contract and the pipeline behind them, as in `src/connect.rs`.

What the language has no means for is left out: wiping secrets, and the plugin's limit on how deep JSON nests.
"""

from dataclasses import replace

from wit_world import exports
from wit_world.exports.types import Access, Response, Session, Vendor, Verdict
from wit_world.imports import wall_clock
from wit_world.imports.wall_clock import Datetime

from credential import read_form, read_part
from reply import accept, judge, read_token
from schemas import SCHEMAS
from vendors import VENDORS, find
from wire import send

REFRESH_MARGIN_SECS = 900


class Credentials(exports.Credentials):
    def vendors(self) -> list[Vendor]:
        return [vendor.about for vendor in VENDORS]

    def credential_schema(self, vendor: str) -> str:
        return SCHEMAS[find(vendor).about.id]

    def validate(self, vendor: str, credential: str) -> None:
        read_form(credential, find(vendor).grant)

    def authenticate(self, vendor: str, credential: str) -> Session:
        rules = find(vendor)
        grant = read_form(credential, rules.grant)
        issued_at = wall_clock.now()
        members = accept(rules, send(grant.request), issued_at)
        token = read_token(members)
        margin = min(REFRESH_MARGIN_SECS, token.lifetime_secs // 2)

        def after(secs: int) -> Datetime:
            return replace(issued_at, seconds=issued_at.seconds + secs)

        return Session(
            access_token=token.access_token,
            base_url=grant.base_url(members),
            scopes=grant.scopes if token.scopes is None else token.scopes,
            project=rules.project(grant.project, members),
            issued_at=issued_at,
            expires_at=after(token.lifetime_secs),
            refresh_after=after(token.lifetime_secs - margin),
        )

    def refresh(self, vendor: str, credential: str, current: Session) -> Session:
        """To refresh is to repeat the grant (RFC 6749 §4.4.3)."""
        return self.authenticate(vendor, credential)

    def inspect(self, vendor: str, credential: str) -> Access:
        rules = find(vendor)
        request = read_part(credential, rules.inspection)
        return rules.access(accept(rules, send(request), wall_clock.now()))

    def classify(self, vendor: str, response: Response) -> Verdict:
        return judge(find(vendor), response, wall_clock.now())
