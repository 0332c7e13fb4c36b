"""Makes a component of the guest beside this file: `python build.py ROOT OUTPUT`, with the root of the workspace, whose contract and schemas it
takes. Writes beside this file too, so it runs on the copy that `../guests` makes.
"""

import json
import subprocess
import sys
from pathlib import Path

here = Path(__file__).parent
root, output = map(Path, sys.argv[1:])

schemas = {}
for file in (root / "src/vendors").glob("*.schema.json"):
    schema = json.loads(file.read_text(encoding="utf-8"))
    schemas[file.name.removesuffix(".schema.json")] = json.dumps(schema, ensure_ascii=False, separators=(",", ":"))
(here / "schemas.py").write_text(f"SCHEMAS = {schemas!r}\n", encoding="utf-8")

# Its option `--stub-wasi` cannot be used: it takes away the clock and HTTP too, which the world imports.
componentize = [Path(sys.executable).with_name("componentize-py"), "--quiet", "--wit-path", root / "wit", "--world", "connector"]
subprocess.run([*componentize, "componentize", "--python-path", here, "guest", "--output", output], check=True)
