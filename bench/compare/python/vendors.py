"""The vendors, as in `src/vendors/`: what a host is told of them, their requests, and what their answers hold beyond RFC 6749."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from componentize_py_types import Err
from wit_world.exports import types
from wit_world.exports.types import Access, Level, Project, Vendor

from credential import CONTROL, Form, read_id
from reply import Members, read_scopes, read_token
from wire import Request

BEARER_MEANINGS = {
    "invalid_token": types.Verdict_Refresh(),
    "insufficient_scope": types.Verdict_Forbidden(),
}


@dataclass
class Grant:
    """One request for a token, and how to read the answer."""

    request: Request
    scopes: list[str]
    project: int | None
    base_url: Callable[[Members], str]


def read_client(form: Form) -> dict[str, str] | None:
    id = form.text("client_id")
    secret = form.text("client_secret")
    return {"client_id": id, "client_secret": secret} if id and secret else None


class Hotjar:
    about = Vendor(
        id="hotjar",
        display_name="Hotjar",
        setup_url="https://insights.hotjar.com/settings/api",
        origins=["https://api.hotjar.io"],
        calls_at_once=None,
    )
    meanings = BEARER_MEANINGS

    def grant(self, form: Form) -> Grant | None:
        client = read_client(form)
        if client is None:
            return None
        # As browsers write a form (https://url.spec.whatwg.org/#urlencoded-serializing), which differs in two characters.
        body = urlencode({"grant_type": "client_credentials"} | client, safe="*").replace("~", "%7E")
        request = Request("api.hotjar.io", "/v1/oauth/token", "application/x-www-form-urlencoded", body)
        return Grant(request, [], None, lambda _: "https://api.hotjar.io")

    def project(self, asked: int | None, members: Members) -> int | None:
        return asked

    def inspection(self, form: Form) -> Request | None:
        grant = self.grant(form)
        return grant and grant.request

    def access(self, members: Members) -> Access:
        return Access(read_token(members).scopes or [], [], None)


SCOPES = ["data-export", "metrics", "enrichment", "speed-analysis", "surveys", "session-replay", "symbolicator"]
MAX_NAME_CHARS = 200


class Contentsquare:
    about = Vendor(
        id="contentsquare",
        display_name="Contentsquare",
        setup_url="https://support.contentsquare.com/hc/en-us/articles/37271728104593-How-to-create-API-credentials",
        origins=["https://contentsquare.com", "https://*.contentsquare.com"],
        calls_at_once=10,
    )
    meanings = BEARER_MEANINGS | {
        "JWT_EXPIRED": types.Verdict_Refresh(),
        "CONCURRENT_API_CALL": types.Verdict_Throttled(None),
    }

    def grant(self, form: Form) -> Grant | None:
        client = read_client(form)
        is_account = form.choice("credential_level", ["project", "account"]) == "account"
        scopes = form.choices("scopes", SCOPES)
        is_enrichment = "enrichment" in (scopes or [])
        if is_enrichment and len(scopes) > 1:
            message = "the scope enrichment must stand alone; make another credential for the other scopes"
            form.note("/scopes", "not-combinable", message)
        if "surveys" in (scopes or []) and is_account:
            form.note("/scopes", "not-combinable", "the scope surveys goes only with a project-level credential")
        required = "an account-level credential needs the project" if is_account else None
        project = form.id("project_id", required=required)
        integration = form.id(
            "integration_id",
            required="the scope enrichment needs the integration" if is_enrichment else None,
            refused="an integration goes only with the scope enrichment" if scopes and not is_enrichment else None,
        )
        if client is None or scopes is None:
            return None
        body = client | {"grant_type": "client_credentials", "scope": " ".join(scopes)}
        body |= {"project_id": project} if project else {}
        body |= {"integration_id": integration} if integration else {}
        # The pages of the surveys API use a host of their own; with any other scope the reply decides.
        is_fixed = scopes == ["surveys"]
        base_url = (lambda _: "https://api.contentsquare.com") if is_fixed else read_endpoint
        return Grant(post("/v1/oauth/token", body), scopes, project, base_url)

    def project(self, asked: int | None, members: Members) -> int | None:
        """A token for another project than the one asked for would mix up people's data."""
        value = members.value("project_id")
        if value is None:
            return asked
        named = read_id(value)
        if named is None or asked not in (None, named):
            raise members.unintelligible("project_id")
        return named

    def inspection(self, form: Form) -> Request | None:
        client = read_client(form)
        return client and post("/v1/oauth/me", client)

    def access(self, members: Members) -> Access:
        text = members.text("scopes")
        scopes = None if text is None else read_scopes(text)
        if scopes is None:
            raise members.unintelligible("scopes")
        permissions = members.value("permissions")
        listed = permissions.get("projects") if isinstance(permissions, dict) else None
        projects = [read_project(value) for value in listed] if isinstance(listed, list) else [None]
        if None in projects:
            raise members.unintelligible("permissions.projects")
        # A project-level key reaches one project; one alone may also be all that an account has.
        return Access(scopes, projects, Level.ACCOUNT if len(projects) > 1 else None)


VENDORS = [Hotjar(), Contentsquare()]


def find(id: str) -> Hotjar | Contentsquare:
    """Finds a vendor by its id."""
    for vendor in VENDORS:
        if vendor.about.id == id:
            return vendor
    raise Err(types.Error_UnknownVendor())


def post(path: str, body: dict[str, Any]) -> Request:
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Request("api.contentsquare.com", path, "application/json", text)


def read_project(value: Any) -> Project | None:
    id = read_id(value.get("id")) if isinstance(value, dict) else None
    if id is None:
        return None
    text = value.get("name")
    name = CONTROL.sub("", text)[:MAX_NAME_CHARS] if isinstance(text, str) else ""
    return Project(id, name if name.strip() else str(id))


ENDPOINT = re.compile(r"https://([A-Z0-9.-]+)(?::443)?((?:/[A-Z0-9_.~-]+)*)/?", re.ASCII | re.IGNORECASE)
LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")


def read_endpoint(members: Members) -> str:
    """The base URL that a reply names, read strictly: the token goes there. As in `src/base_url.rs`."""
    text = members.text("endpoint") or ""
    found = ENDPOINT.fullmatch(text) if len(text) <= 2048 else None
    host, path = (found[1].lower(), found[2]) if found else ("", "")
    is_below = host == "contentsquare.com" or host.endswith(".contentsquare.com")
    is_host = len(host) <= 253 and all(LABEL.fullmatch(label) for label in host.split("."))
    is_path = not any(re.fullmatch(r"\.+", segment) for segment in path.split("/"))
    if not (is_below and is_host and is_path):
        raise members.unintelligible("endpoint")
    return f"https://{host}{path}"
