"""The subjects: their names in the table, their commands, and what they are made of. Sizes are in
`sizes.py`.
"""

import os
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
ROOT = HERE.parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
# Everything that is installed, built and written.
COMPARE = TARGET / "compare"

PROGRAM = TARGET / "release/examples/compare"
PYTHON = COMPARE / "clients-python/bin/python"
NODE = COMPARE / "clients-node"
CONNECTOR = COMPARE / "connector.wasm"


def machine_code(component: Path) -> Path:
    return component.with_suffix(".machine")


@dataclass(frozen=True)
class Subject:
    """A client or a plugin that signs in.

    It is made of a component, of packages for Python or Node, or of the program alone.
    """

    id: str
    # Its name in the table, and its short name in the notes below.
    name: str
    short: str
    command: tuple[str | Path, ...]
    component: Path | None = None
    # Whether the component is compiled before the trials, and its machine code mapped at the start.
    compiled: bool = False
    python_packages: tuple[str, ...] = ()
    node_package: str | None = None


def _baseline(id: str, name: str, short: str, component: Path) -> Subject:
    return Subject(
        id, name, short, (PROGRAM, "baseline", machine_code(component)), component, compiled=True
    )


SUBJECTS = (
    Subject(
        "connector",
        "**this plugin in `connector-host`**",
        "`connector-host`",
        (PROGRAM, "connector", COMPARE / "code"),
        CONNECTOR,
    ),
    _baseline(
        "baseline", "this plugin in a baseline wasmtime host", "the baseline host", CONNECTOR
    ),
    _baseline(
        "js",
        "the plugin in JavaScript, baseline host",
        "the plugin in JavaScript",
        COMPARE / "connector-js.wasm",
    ),
    _baseline(
        "py",
        "the plugin in Python, baseline host",
        "the plugin in Python",
        COMPARE / "connector-py.wasm",
    ),
    Subject(
        "airbyte",
        "Airbyte CDK, `Oauth2Authenticator`",
        "Airbyte",
        (PYTHON, HERE / "clients/airbyte_cdk_client.py"),
        python_packages=("airbyte-cdk",),
    ),
    Subject(
        "authlib",
        "Authlib, `AsyncOAuth2Client`",
        "Authlib",
        (PYTHON, HERE / "clients/authlib_client.py"),
        python_packages=("authlib", "httpx2"),
    ),
    Subject(
        "node",
        "Node, `openid-client`",
        "Node",
        ("node", NODE / "openid_client.mjs"),
        node_package="openid-client",
    ),
    Subject("oauth2", "no sandbox: Rust, `oauth2` crate", "`oauth2`", (PROGRAM, "oauth2")),
)


def needs(subjects: list[Subject]) -> list[str]:
    """What `run` installs or builds for these subjects, the driver and the vendor."""
    found = ["python", "rust"]
    if any(subject.node_package for subject in subjects):
        found.append("node")
    if any(subject.component not in (None, CONNECTOR) for subject in subjects):
        found.append("guests")
    return found
