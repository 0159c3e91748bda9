#!/usr/bin/env python3
"""What compression costs and saves on the messages of Benchmarks/codec: ratio, and CPU for a megabyte.

    Benchmarks/compression.py FOLDER-OF-RELEASE-BINARIES

Prints `compression/MESSAGE ALGORITHM-LEVEL BYTES -> BYTES ratio R, compress C, inflate I CPU ms/MB`.
"""

import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "Benchmarks" / "codec"))
import messages  # noqa: E402


def descriptors(folder):
    """The schema of the messages as a FileDescriptorSet."""
    out = folder / "schema.binpb"
    own, product = ROOT / "Benchmarks" / "codec" / "schema", ROOT / "schema"
    files = [file.relative_to(base) for base in (own, product) for file in sorted(base.rglob("*.proto"))]
    subprocess.run(["protoc", f"-I{own}", f"-I{product}", "--include_imports", f"-o{out}", *files], check=True)
    return out.read_bytes()


def main():
    peer = pathlib.Path(sys.argv[1]) / "InteropPeer"
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for message in messages.write_all(descriptors(folder), folder):
            command = [peer, "measure", folder / f"{message}.bin"]
            for line in subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines():
                report(message, *line.split())


def report(message, algorithm, level, size, packed, compress, inflate):
    size, packed = int(size), int(packed)
    if packed == 0:
        print(f"compression/{message} {algorithm}-{level} {size} B does not shrink")
        return
    # Microseconds a byte are seconds a megabyte.
    per_megabyte = [float(figure) / size * 1000 for figure in (compress, inflate)]
    print(f"compression/{message} {algorithm}-{level} {size} -> {packed} B ratio {size / packed:.2f}, "
          f"compress {per_megabyte[0]:.1f}, inflate {per_megabyte[1]:.1f} CPU ms/MB")


if __name__ == "__main__":
    main()
