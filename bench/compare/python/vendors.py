"""The vendors, like `src/` of this workspace: their properties, their requests, and what their
answers hold beyond RFC 6749.
"""

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from componentize_py_types import Err
from wit_world.exports import types
from wit_world.exports.types import Access, Choice, FieldChoices, Inspection, Signing, Vendor

from form import MAX_ID, Form, shown_name
from response import Fields, read_id, read_token, readable_scopes
from texts import say
from wire import Request


@dataclass
class Credential:
    """A credential, read and checked."""

    client: dict[str, str]
    scopes: list[str]
    project_id: int | None = None
    integration_id: int | None = None


def read_client(form: Form) -> dict[str, str] | None:
    id = form.string("client_id")
    secret = form.string("client_secret")
    return {"client_id": id, "client_secret": secret} if id and secret else None


class Hotjar:
    info = Vendor(
        id="hotjar",
        origins=["https://api.hotjar.io"],
        max_concurrent_calls=None,
        signing=Signing.SESSION,
        inspection=Inspection.CREDENTIAL,
        durable_state=False,
    )
    description = {
        "name": "Hotjar",
        "summary": "Reads surveys and their responses, and manages the data of users.",
        "prerequisites": ["A Scale plan.", "An organisation admin, who makes the API key."],
        "setup_url": "https://insights.hotjar.com/settings/api",
        "documentation_url": "https://help.hotjar.com/hc/en-us/articles/36820005914001",
        "sample_call": {"path": "/v1/sites/{site_id}/surveys?limit=1"},
    }
    codes: dict[str, str] = {}

    def read(self, form: Form) -> Credential | None:
        client = read_client(form)
        return client and Credential(client, [])

    def token_request(self, credential: Credential) -> Request:
        fields = {"grant_type": "client_credentials"} | credential.client
        # As browsers write a form (https://url.spec.whatwg.org/#urlencoded-serializing), which
        # differs in two characters.
        body = urlencode(fields, safe="*").replace("~", "%7E")
        form = "application/x-www-form-urlencoded"
        return Request("api.hotjar.io", "/v1/oauth/token", form, body)

    def account(self, credential: Credential, fields: Fields) -> str | None:
        return None

    def base_url(self, credential: Credential, fields: Fields) -> str:
        return "https://api.hotjar.io"

    def inspection_request(self, form: Form) -> Request | None:
        credential = self.read(form)
        return credential and self.token_request(credential)

    def access(self, fields: Fields) -> Access:
        return Access(None, read_token(fields).scopes or [], [], None, None)


SCOPES = [
    "data-export",
    "metrics",
    "enrichment",
    "speed-analysis",
    "surveys",
    "session-replay",
    "symbolicator",
]


class Contentsquare:
    info = Vendor(
        id="contentsquare",
        origins=["https://contentsquare.com", "https://*.contentsquare.com"],
        max_concurrent_calls=10,
        signing=Signing.SESSION,
        inspection=Inspection.CREDENTIAL,
        durable_state=False,
    )
    description = {
        "name": "Contentsquare",
        "summary": "Exports data, reads metrics and more, for one project or a whole account.",
        "prerequisites": [
            "An administrator of the project or the account, who makes the API credentials."
        ],
        "setup_url": "https://support.contentsquare.com/hc/en-us/articles/"
        "37271728104593-How-to-create-API-credentials",
        "documentation_url": "https://docs.contentsquare.com/en/api/",
        "sample_call": {"path": "/v1/exports?limit=1"},
    }
    codes = {"JWT_EXPIRED": "expired", "CONCURRENT_API_CALL": "throttled"}

    def read(self, form: Form) -> Credential | None:
        client = read_client(form)
        is_account = form.choice("credential_level", ["project", "account"]) == "account"
        scopes = form.choices("scopes", SCOPES)
        is_enrichment = "enrichment" in (scopes or [])
        if is_enrichment and len(scopes) > 1:
            message = (
                "the scope enrichment must stand alone; "
                "make another credential for the other scopes"
            )
            form.report("/scopes", "not-combinable", message)
        if "surveys" in (scopes or []) and is_account:
            message = "the scope surveys goes only with a project-level credential"
            form.report("/scopes", "not-combinable", message)
        needed = "an account-level credential needs the project"
        project_id = form.id("project_id", required=needed if is_account else None)
        needed = "the scope enrichment needs the integration"
        refused = "an integration goes only with the scope enrichment"
        integration_id = form.id(
            "integration_id",
            required=needed if is_enrichment else None,
            refused=refused if scopes and not is_enrichment else None,
        )
        if client is None or scopes is None:
            return None
        return Credential(client, scopes, project_id, integration_id)

    def token_request(self, credential: Credential) -> Request:
        scope = " ".join(credential.scopes)
        body = credential.client | {"grant_type": "client_credentials", "scope": scope}
        if credential.project_id:
            body["project_id"] = credential.project_id
        if credential.integration_id:
            body["integration_id"] = credential.integration_id
        return post("/v1/oauth/token", body)

    def account(self, credential: Credential, fields: Fields) -> str | None:
        """A token for another project than the requested one would mix up people's data."""
        value = fields.value("project_id")
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        account = read_id(value)
        requested = credential.project_id
        if account is None or (requested is not None and account != str(requested)):
            raise fields.invalid("project_id")
        return account

    def base_url(self, credential: Credential, fields: Fields) -> str:
        # The pages of the surveys API use a host of their own; with any other scope the reply
        # decides.
        if credential.scopes == ["surveys"]:
            return "https://api.contentsquare.com"
        return read_endpoint(fields)

    def inspection_request(self, form: Form) -> Request | None:
        client = read_client(form)
        return client and post("/v1/oauth/me", client)

    def access(self, fields: Fields) -> Access:
        scopes = readable_scopes(fields.value("scopes"))
        if scopes is None:
            raise fields.invalid("scopes")
        permissions = fields.value("permissions")
        reached = permissions.get("projects") if isinstance(permissions, dict) else None
        if not isinstance(reached, list):
            raise fields.invalid("permissions")
        projects = [project for value in reached if (project := read_project(value))]
        offered = [Choice(json.dumps(scope), scope) for scope in scopes]
        # A form would choose the only project by itself, so one that cannot be read must count.
        are_all = len(projects) == len(reached)
        choices = [field("/scopes", offered), field("/project_id", projects, are_all)]
        # A project-level key reaches one project; one alone may also be all that an account has.
        if len(reached) > 1:
            choices.append(field("/credential_level", [Choice('"account"', "account")]))
        return Access(None, scopes, choices, None, None)


VENDORS = [Hotjar(), Contentsquare()]


def find(id: str) -> Hotjar | Contentsquare:
    """Finds a vendor by its id."""
    for vendor in VENDORS:
        if vendor.info.id == id:
            return vendor
    raise Err(types.Error_UnknownVendor())


def describe(vendor: Hotjar | Contentsquare, language: str) -> dict[str, Any]:
    """The document of `describe`."""
    description = vendor.description
    return description | {
        "summary": say(language, description["summary"]),
        "prerequisites": [say(language, text) for text in description["prerequisites"]],
    }


def post(path: str, body: dict[str, Any]) -> Request:
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Request("api.contentsquare.com", path, "application/json", text)


def field(pointer: str, choices: list[Choice], complete: bool = True) -> FieldChoices:
    return FieldChoices(pointer, choices, complete, ["/client_id", "/client_secret"])


def read_project(value: Any) -> Choice | None:
    """One project; anything without an id that the form takes is none."""
    text = read_id(value.get("id")) if isinstance(value, dict) else None
    if text is None or not re.fullmatch("[0-9]+", text):
        return None
    id = int(text)
    if not 1 <= id <= MAX_ID:
        return None
    name = value.get("name")
    title = shown_name(name) if isinstance(name, str) else None
    return Choice(str(id), title or str(id))


ENDPOINT = r"https://([A-Z0-9.-]+)(?::443)?((?:/[A-Z0-9_.~-]+)*)/?"
ENDPOINT = re.compile(ENDPOINT, re.ASCII | re.IGNORECASE)
LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")


def read_endpoint(fields: Fields) -> str:
    """The base URL that a reply names, read strictly, since the token goes there.

    Like `base_url.rs` of the guest SDK.
    """
    text = fields.string("endpoint") or ""
    found = ENDPOINT.fullmatch(text) if len(text) <= 2048 else None
    host, path = (found[1].lower(), found[2]) if found else ("", "")
    is_below = host == "contentsquare.com" or host.endswith(".contentsquare.com")
    is_host = len(host) <= 253 and all(LABEL.fullmatch(label) for label in host.split("."))
    is_path = not any(re.fullmatch(r"\.+", segment) for segment in path.split("/"))
    if not (is_below and is_host and is_path):
        raise fields.invalid("endpoint")
    return f"https://{host}{path}"
