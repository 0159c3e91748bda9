"""Holds martletc against grpcio-tools' protoc on folders of schema files.

    python Tests/interop/compare_with_protoc.py --martletc .build/release/martletc FOLDER...

Each file is compiled alone by both. Compared are the verdict, the descriptors with places and
comments, and the warnings. Include directories are worked out from what the files import; an import
that a folder lacks is searched for in the others. Prints the classes of differences with examples;
exits with 1 when there are any.
"""

import argparse
import collections
import concurrent.futures
import contextlib
import os
import pathlib
import re
import subprocess
import sys
import tempfile
from typing import NamedTuple

from google.protobuf import descriptor_pb2
from grpc_tools import protoc

WELL_KNOWN = pathlib.Path(protoc.__file__).parent / "_proto"
IMPORT = re.compile(rb"""^\s*import\s+(?:public\s+|weak\s+|option\s+)?["']([^"']+)["']\s*;""", re.M)
PACKAGE = re.compile(rb"^\s*package\s+([\w.]+)\s*;", re.M)
PLACE = re.compile(r"^.*?error: |^\S*: ")
NO_SYNTAX = re.compile(r"No edition or syntax specified for the proto file: (.*?)\. Please")
QUOTED = re.compile(r'"[^"]*"')
WARNING = re.compile(r"^(?P<file>.+?):(?P<line>\d+):(?P<column>\d+): warning: (?P<text>.*)$")


class Job(NamedTuple):
    """A file to compile: its path, the include directories, its name below the first of them."""

    path: str
    includes: tuple
    name: str


class Result(NamedTuple):
    """What one compiler made of a file."""

    accepted: bool
    files: dict
    warnings: frozenset
    text: str


# Include directories


class Tree:
    """Folders of schema files, to find what an import means in them."""

    def __init__(self, folders):
        self.by_name = collections.defaultdict(list)
        self.files = []
        for folder in folders:
            for path in sorted(pathlib.Path(folder).rglob("*.proto")):
                if path.is_file():
                    self.files.append(str(path))
                    self.by_name[path.name].append(str(path))
        self.imports = {path: self.read(path) for path in self.files}

    @staticmethod
    def read(path):
        text = pathlib.Path(path).read_bytes()
        package = PACKAGE.search(text)
        names = [name.decode(errors="replace") for name in IMPORT.findall(text)]
        return names, package.group(1).decode() if package else ""

    def find(self, name, importer):
        """The file nearest to its importer that an import may mean."""
        ends = [path for path in self.by_name[name.split("/")[-1]] if path.endswith("/" + name)]
        return max(ends, key=lambda path: len(os.path.commonprefix([path, importer])), default=None)

    def root(self, path, name):
        return path[: -len(name) - 1]

    def own_root(self, path):
        """Where a file's name starts: where its imports start, else where its package does."""
        names, package = self.imports[path]
        roots = []
        for name in names:
            found = self.find(name, path)
            if found and path.startswith(self.root(found, name) + "/"):
                roots.append(self.root(found, name))
        if roots:
            return max(roots, key=len)
        parts = package.split(".")
        folder = os.path.dirname(path)
        for count in range(len(parts), 0, -1):
            if folder.endswith("/" + "/".join(parts[:count])):
                return folder[: -len("/".join(parts[:count])) - 1]
        return folder

    def job(self, path):
        own = self.own_root(path)
        includes, seen, queue = [own], {path}, [path]
        while queue:
            current = queue.pop()
            for name in self.imports[current][0]:
                if any(os.path.exists(f"{include}/{name}") for include in includes):
                    found = next(
                        f"{include}/{name}" for include in includes
                        if os.path.exists(f"{include}/{name}")
                    )  # fmt: skip
                elif (WELL_KNOWN / name).exists() or not (found := self.find(name, current)):
                    continue
                else:
                    includes.append(self.root(found, name))
                if found in self.imports and found not in seen:
                    seen.add(found)
                    queue.append(found)
        return Job(path, (*includes, str(WELL_KNOWN)), path[len(own) + 1 :])


# The two compilers


@contextlib.contextmanager
def standard_error_in(file):
    """Points file descriptor 2, which protoc's C++ writes to, at a file."""
    saved = os.dup(2)
    os.dup2(file.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)


def file_set(path):
    result = descriptor_pb2.FileDescriptorSet.FromString(pathlib.Path(path).read_bytes())
    return {file.name: file for file in result.file}


def warnings(text, kinds):
    """(file, line, kind) of each warning; the line of a missing syntax statement is 0."""
    found = set()
    for line in text.splitlines():
        match = WARNING.match(line)
        if match:
            kind = next((kind for word, kind in kinds.items() if word in match["text"]), "other")
            place = 0 if kind == "no syntax" else int(match["line"])
            found.add((match["file"].split("/")[-1], place, kind))
        # protoc logs this one.
        elif match := NO_SYNTAX.search(line):
            found.add((match[1].split("/")[-1], 0, "no syntax"))
    return frozenset(found)


def by_protoc(job, folder, source_info=True):
    out = f"{folder}/theirs"
    with tempfile.TemporaryFile() as log:
        with standard_error_in(log):
            flags = ["--include_imports", "--experimental_editions"]
            flags += ["--include_source_info"] if source_info else []
            includes = [f"-I{path}" for path in job.includes]
            code = protoc.main(["protoc", *flags, *includes, f"--descriptor_set_out={out}", job.name])
        log.seek(0)
        text = log.read().decode(errors="replace")
    files = file_set(out) if code == 0 else {}
    return Result(code == 0, files, warnings(text, {"is unused": "unused import"}), text)


def by_martletc(martletc, job, folder, source_info=True):
    out = f"{folder}/ours"
    flags = ["--include-imports"] + (["--include-source-info"] if source_info else [])
    includes = [word for path in job.includes for word in ("-I", path)]
    done = subprocess.run(
        [martletc, "descriptors", *includes, *flags, "--out", out, job.name],
        capture_output=True, timeout=60,
    )  # fmt: skip
    text = done.stderr.decode(errors="replace")
    if done.returncode not in (0, 1):
        text = f"crashed with {done.returncode}\n{text}"
    files = file_set(out) if done.returncode == 0 else {}
    found = warnings(text, {" is used": "unused import", "does not begin with": "no syntax"})
    return Result(done.returncode == 0, files, found, text)


# Differences


def first_difference(ours, theirs):
    """The path of fields at which two messages part."""
    if type(ours) is not type(theirs):
        return "type"
    for field in ours.DESCRIPTOR.fields:
        mine, other = getattr(ours, field.name), getattr(theirs, field.name)
        if field.is_repeated:
            if len(mine) != len(other):
                return f"{field.name}.count"
            for left, right in zip(mine, other):
                if left != right:
                    inner = first_difference(left, right) if field.message_type else ""
                    return f"{field.name}.{inner}".rstrip(".")
        elif ours.HasField(field.name) != theirs.HasField(field.name):
            return f"{field.name}.presence"
        elif mine != other:
            inner = first_difference(mine, other) if field.message_type else ""
            return f"{field.name}.{inner}".rstrip(".")
    return "unknown fields"


def differences(job, ours, theirs):
    """(class, detail) of each way in which the two results differ."""
    if "crashed" in ours.text[:10]:
        yield "crash", ours.text
    if ours.accepted != theirs.accepted:
        refuser = ours if theirs.accepted else theirs
        side = "refused here, accepted by protoc" if theirs.accepted else "accepted here alone"
        text = next((line for line in refuser.text.splitlines() if "warning" not in line), "")
        yield f"{side}: {QUOTED.sub('X', PLACE.sub('', text))}", text
        return
    if ours.warnings != theirs.warnings:
        yield "warnings", f"ours {set(ours.warnings)} theirs {set(theirs.warnings)}"
    if list(ours.files) != list(theirs.files):
        yield "files", f"{list(ours.files)} {list(theirs.files)}"
        return
    for name, file in theirs.files.items():
        mine = ours.files[name].SerializeToString(deterministic=True)
        if mine != file.SerializeToString(deterministic=True):
            yield f"descriptor: {first_difference(ours.files[name], file)}", name
            return


def compare(arguments):
    martletc, job, source_info = arguments
    with tempfile.TemporaryDirectory() as folder:
        theirs = by_protoc(job, folder, source_info)
        try:
            ours = by_martletc(martletc, job, folder, source_info)
        except subprocess.TimeoutExpired:
            return job, theirs.accepted, [("timeout", "")]
    return job, theirs.accepted, list(differences(job, ours, theirs))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--martletc", default=".build/release/martletc")
    parser.add_argument("--only", default="", help="files whose path holds this")
    parser.add_argument("--examples", type=int, default=3, help="to show of each class")
    parser.add_argument("--without-source-info", action="store_true")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    tree = Tree(options.folders)
    jobs = [tree.job(path) for path in tree.files if options.only in path]
    classes = collections.defaultdict(list)
    accepted = 0
    with concurrent.futures.ProcessPoolExecutor(options.jobs) as pool:
        tasks = [(options.martletc, job, not options.without_source_info) for job in jobs]
        for job, is_accepted, found in pool.map(compare, tasks, chunksize=16):
            accepted += is_accepted
            for kind, detail in found:
                classes[kind].append((job, detail))
    for kind, found in sorted(classes.items(), key=lambda entry: -len(entry[1])):
        print(f"{len(found):5} {kind}")
        for job, detail in found[: options.examples]:
            print(f"        {job.path}\n          {detail.strip()[:300]}")
    differing = len({job.path for found in classes.values() for job, _ in found})
    print(f"{len(jobs)} files, {accepted} accepted by protoc, {differing} differ")
    return 1 if classes else 0


if __name__ == "__main__":
    sys.exit(main())
