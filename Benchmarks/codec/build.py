"""Generates the messages' code with each peer's compiler, and builds the benchmark's programs.

Everything goes to .build beside this file. What is up to date is left alone.
"""

import hashlib
import pathlib
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BUILD = HERE / ".build"
GENERATED = BUILD / "generated"
RELEASE = ["--configuration", "release", "--static-swift-stdlib", "--jobs", "2"]
INCLUDES = [HERE / "schema", ROOT / "schema"]
SWIFT_PROGRAMS = ["bench-martlet", "bench-swift-protobuf"]


def run(*command, cwd=HERE):
    """Runs a command; shows what it printed only when it fails."""
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def schema_files():
    """Every schema file, relative to its include folder, in a fixed order."""
    return sorted(
        path.relative_to(folder).as_posix()
        for folder in INCLUDES
        for path in folder.rglob("*.proto")
    )


def include_flags():
    return [f"-I{folder}" for folder in INCLUDES]


def fresh(*names):
    """A folder below .build/generated that exists, and is never empty: SwiftPM wants a source."""
    folder = GENERATED.joinpath(*names)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "Folder.swift").touch()
    return folder


def bin_path(package):
    flags = RELEASE if package == HERE else []
    return pathlib.Path(run("swift", "build", "--show-bin-path", *flags, cwd=package).strip())


def write_changed(source, target):
    """Copies files whose content differs, so that builds see only what changed; drops others."""
    wanted = {path.relative_to(source) for path in source.rglob("*") if path.is_file()}
    for path in target.rglob("*"):
        if path.is_file() and path.name != "Folder.swift" and path.relative_to(target) not in wanted:
            path.unlink()
    for name in wanted:
        new = (source / name).read_bytes()
        if not (target / name).exists() or (target / name).read_bytes() != new:
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (target / name).write_bytes(new)


def generate(kind, make):
    """Runs `make` on a scratch folder, then brings .build/generated/KIND up to date with it."""
    scratch = BUILD / "scratch" / kind
    run("rm", "-rf", scratch)
    scratch.mkdir(parents=True)
    make(scratch)
    write_changed(scratch, fresh(kind))
    run("rm", "-rf", scratch)


def generate_all():
    files = schema_files()
    for kind in ["martlet", "martlet-json", "swift-protobuf"]:
        fresh(kind)
    run("swift", "build", "--product", "martletc", "--jobs", "2", cwd=ROOT)
    martletc = bin_path(ROOT) / "martletc"
    includes = [part for folder in INCLUDES for part in ("-I", folder)]
    generate(
        "martlet",
        lambda out: run(
            martletc, "generate", *includes, "--messages-only", "--visibility", "public",
            "--out", out, *files,
        ),
    )
    generate(
        "martlet-json",
        lambda out: run(
            martletc, "generate", *includes, "--json-only",
            *(part for file in files for part in ("--module", f"{file}=MartletMessages")),
            "--out", out, *files,
        ),
    )
    plugin = bin_path(HERE) / "protoc-gen-swift"
    if not plugin.exists():
        print("bench-codec: building protoc-gen-swift; once, a few minutes", flush=True)
        run("swift", "build", *RELEASE, "--product", "protoc-gen-swift")
    generate(
        "swift-protobuf",
        lambda out: run(
            "protoc", *include_flags(), f"--plugin={plugin}", f"--swift_out={out}",
            "--swift_opt=Visibility=Public", "--swift_opt=FileNaming=PathToUnderscores", *files,
        ),
    )
    generate("cpp", lambda out: run("protoc", *include_flags(), f"--cpp_out={out}", *files))


def build_swift():
    for program in SWIFT_PROGRAMS:
        run("swift", "build", *RELEASE, "--product", program)


def build_cpp():
    """Builds bench-cpp with g++ -O2 and Debian's static libprotobuf: the peer at its best."""
    out = BUILD / "cpp"
    out.mkdir(parents=True, exist_ok=True)
    generated = GENERATED / "cpp"
    sources = sorted(generated.rglob("*.pb.cc")) + [HERE / "cpp" / "main.cc"]
    text = b"".join(p.read_bytes() for p in [*sources, *sorted(generated.rglob("*.pb.h"))])
    stamp, key = out / "stamp", hashlib.sha256(text).hexdigest()
    if stamp.exists() and stamp.read_text() == key:
        return
    flags = ["-O2", "-DNDEBUG", "-std=c++17", f"-I{generated}"]
    objects = []
    for source in sources:
        objects.append(out / ("_".join(source.parts[-3:]) + ".o"))
        run("g++", *flags, "-c", source, "-o", objects[-1])
    libraries = ["-Wl,-Bstatic", "-lprotobuf", "-Wl,-Bdynamic", "-lpthread", "-lz"]
    run("g++", "-O2", *objects, "-o", out / "bench-cpp", *libraries)
    stamp.write_text(key)


def descriptors():
    """The schema as a FileDescriptorSet, for google.protobuf to make the messages with."""
    out = BUILD / "schema.binpb"
    run("protoc", *include_flags(), "--include_imports", f"-o{out}", *schema_files())
    return out.read_bytes()


def programs():
    """Peer -> its program."""
    folder = bin_path(HERE)
    return {
        "martlet": folder / "bench-martlet",
        "swift-protobuf": folder / "bench-swift-protobuf",
        "cpp": BUILD / "cpp" / "bench-cpp",
    }


def build_all():
    generate_all()
    build_swift()
    build_cpp()
