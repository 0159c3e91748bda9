#!/usr/bin/env python3
"""Fails when a module imports what the table in docs/architecture.md does not allow it.

Checks every `import` under each target's folder, and the dependencies that Package.swift declares.
"""

import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TABLE = ROOT / "docs" / "architecture.md"
ROW = re.compile(r"^\| `([\w-]+)` \|[^|]*\|([^|]*)\|([^|]*)\|$")
IMPORT = re.compile(
    r"^\s*(?:@\w+(?:\([^)]*\))?\s+)*"
    r"(?:(?:public|package|internal|fileprivate|private)\s+)?"
    r"import\s+(?:(?:struct|class|enum|protocol|typealias|func|let|var)\s+)?(\w+)"
)


def allowed_imports():
    """Module name -> the set of modules it may import, from the table."""
    rows = (ROW.match(line) for line in TABLE.read_text().splitlines())
    return {row[1]: set(row[2].split()) | set(row[3].split()) for row in rows if row}


def package_targets():
    """The targets of Package.swift that are not tests, as SwiftPM sees them."""
    dump = subprocess.run(
        ["swift", "package", "dump-package"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return [t for t in json.loads(dump.stdout)["targets"] if t["type"] in ("regular", "executable", "system")]


def declared_dependencies(target):
    """Names of the modules a target declares as its dependencies."""
    for dependency in target["dependencies"]:
        for kind in ("byName", "target", "product"):
            if kind in dependency:
                yield dependency[kind][0]


def violations(targets, allowed):
    for target in targets:
        name = target["name"]
        path = ROOT / (target.get("path") or f"Sources/{name}")
        if any(path.is_relative_to(ROOT / folder) for folder in ("Tests", "Examples")):
            continue  # These stand beside the ladder and may reach any rung.
        if name not in allowed:
            yield f"{TABLE.relative_to(ROOT)}: no row for the target {name}"
            continue
        for dependency in declared_dependencies(target):
            if dependency not in allowed[name]:
                yield f"Package.swift: {name} declares {dependency}, which its row does not allow"
        for file in sorted(path.rglob("*.swift")):
            for number, line in enumerate(file.read_text().splitlines(), 1):
                found = IMPORT.match(line)
                if found and found[1] not in allowed[name]:
                    yield f"{file.relative_to(ROOT)}:{number}: {name} may not import {found[1]}"


def main():
    allowed = allowed_imports()
    targets = package_targets()
    found = list(violations(targets, allowed))
    for name in sorted(allowed.keys() - {t["name"] for t in targets}):
        found.append(f"{TABLE.relative_to(ROOT)}: {name} is no target of Package.swift")
    for line in found:
        print(f"check-layers: {line}", file=sys.stderr)
    if found:
        sys.exit(1)
    print(f"check-layers: {len(targets)} targets keep to {TABLE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
