"""Builds a component of the guest beside this file: `python build.py ROOT OUTPUT`, with the root of
the workspace, whose contract and schemas it uses. Runs on the copy that `../guests` makes, since it
writes beside this file.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

here = Path(__file__).parent
root, output = map(Path, sys.argv[1:])


def read(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))


data = read(here / "plugin.json") | {"schemas": {}, "translations": {}}
for vendor in ("hotjar", "contentsquare"):
    data["schemas"][vendor] = read(root / f"src/{vendor}.schema.json")
    data["translations"][vendor] = read(root / f"src/{vendor}.fr.json")
lines = [f"{name.upper()} = {value!r}\n" for name, value in data.items()]
(here / "data.py").write_text("".join(lines), encoding="utf-8")

# `--stub-wasi` would remove the clock and HTTP too, which the world imports.
command = [Path(sys.executable).with_name("componentize-py"), "--quiet"]
command += ["--wit-path", root / "wit", "--world", "connector"]
command += ["componentize", "--python-path", here, "guest", "--output", output]
subprocess.run(command, check=True)
