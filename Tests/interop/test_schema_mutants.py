"""martletc against protoc on schemas a few slips away from right ones: the same verdict, and the
same descriptors where both accept.

The seed is fixed and the count small; `make mutants` takes a fresh seed and many. Run as a program,
it goes on after a difference and prints them all.
"""

import argparse
import collections
import concurrent.futures
import os
import pathlib
import random
import sys
import tempfile

import pytest

from compare_with_protoc import WELL_KNOWN, Job, by_martletc, by_protoc, differences
from schema_mutants import FOLDER, mutants

SEED = int(os.environ.get("MARTLET_SEED", "20261121"))
COUNT = int(os.environ.get("MARTLET_MUTANTS", "150"))

# Where martletc refuses on purpose what protoc lets pass; docs/schema.md has the reasons.
STRICTER = (
    "not a Unicode code point",
    "is not UTF-8",
)


def job(text, folder):
    (folder / "case.proto").write_bytes(text.encode())
    return Job("case.proto", (str(folder), str(FOLDER), str(WELL_KNOWN)), "case.proto")


def mutants_of_right_ones(seed, count, folder):
    return mutants(seed, count, lambda text: by_protoc(job(text, folder), folder).accepted)


def compare(martletc, text, folder):
    """The differences between the two on one text, those meant left out."""
    case = job(text, folder)
    theirs = by_protoc(case, folder)
    ours = by_martletc(martletc, case, folder)
    if theirs.accepted and not ours.accepted and any(reason in ours.text for reason in STRICTER):
        return []
    # Warnings have tests of their own.
    found = differences(case, ours, theirs)
    return [(kind, detail) for kind, detail in found if kind != "warnings"]


def test_judges_mutants_as_protoc_does(tmp_path):
    binaries = os.environ.get("MARTLET_BINARIES")
    root = pathlib.Path(__file__).resolve().parents[2]
    martletc = (pathlib.Path(binaries) if binaries else root / ".build" / "debug") / "martletc"
    for number, text in enumerate(mutants_of_right_ones(SEED, COUNT, tmp_path)):
        found = compare(martletc, text, tmp_path)
        if found:
            pytest.fail(f"mutant {number} of seed {SEED}: {found}\n{text}")


def compare_many(martletc, seed, count):
    """(text, differences) of the mutants that differ."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder)
        texts = mutants_of_right_ones(seed, count, path)
        results = [(text, compare(martletc, text, path)) for text in texts]
    return [(text, found) for text, found in results if found]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--martletc", default=".build/release/martletc")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--examples", type=int, default=2)
    options = parser.parse_args()
    batch = 500
    seeds = [options.seed + index for index in range(-(-options.count // batch))]
    classes = collections.defaultdict(list)
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        tasks = [pool.submit(compare_many, options.martletc, seed, batch) for seed in seeds]
        for task in tasks:
            for text, found in task.result():
                for kind, detail in found:
                    classes[kind].append((text, detail))
    for kind, found in sorted(classes.items(), key=lambda entry: -len(entry[1])):
        print(f"{len(found):5} {kind}")
        for text, detail in found[: options.examples]:
            print(f"      {detail.strip()[:300]}\n---\n{text}\n---")
    print(f"{len(seeds) * batch} mutants from seed {options.seed}, {len(classes)} classes differ")
    return 1 if classes else 0


if __name__ == "__main__":
    sys.exit(main())
