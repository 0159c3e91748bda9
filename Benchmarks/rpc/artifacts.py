"""What a server costs before it runs: the size of its program, and the time to build it."""

import resource
import shutil
import subprocess

import build

PROGRAMS = {
    "martlet": build.MARTLET_SERVER,
    "grpc-swift-2": build.GRPC_SWIFT_SERVER,
    "grpc-go": build.GO_SERVER,
}
PACKAGES = {"martlet": build.MARTLET, "grpc-swift-2": build.GRPC_SWIFT}


def stripped_bytes(peer, folder):
    """Bytes of the server with its one service, without symbols."""
    out = folder / f"stripped-{peer}"
    build.run("strip", "-o", out, PROGRAMS[peer])
    return out.stat().st_size


def clean_build_seconds(peer, folder):
    """CPU seconds of a release build of the server and all that it stands on, from nothing.

    What is downloaded and what the schema compilers generate is there before, for both.
    """
    scratch = folder / f"clean-{peer}"
    scratch_path = ["--scratch-path", scratch]
    print(f"bench-rpc: building {peer} from scratch", flush=True)
    build.run("swift", "package", *scratch_path, "resolve", cwd=PACKAGES[peer])
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        ["swift", "build", *build.RELEASE, *scratch_path, "--product", PROGRAMS[peer].name],
        cwd=PACKAGES[peer], check=True, capture_output=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    shutil.rmtree(scratch)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
