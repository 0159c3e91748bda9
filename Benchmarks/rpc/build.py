"""Generates Greeter's code with each peer's compiler, and builds the benchmark's programs.

Everything goes to .build beside this file and in the two packages; grpc-swift-2, which takes ten
minutes of CPU time, to the folder that MARTLET_GRPC_SWIFT_SCRATCH names, or .build-grpc-swift.
"""

import hashlib
import os
import pathlib
import shutil
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BUILD = HERE / ".build"
SCHEMA = HERE / "schema"
GREETER = "bench/rpc/v1/greeter.proto"
ECHO_SCHEMA = ROOT / "Tests" / "Support" / "EchoSchema"
MARTLET = HERE / "martlet-peer"
GRPC_SWIFT = HERE / "grpc-swift-peer"
GRPC_SWIFT_SCRATCH = pathlib.Path(
    os.environ.get("MARTLET_GRPC_SWIFT_SCRATCH", HERE / ".build-grpc-swift")
).resolve()
RELEASE = ["--configuration", "release", "--static-swift-stdlib", "--jobs", "2"]
GO_PATHS = [BUILD / "go", pathlib.Path("/usr/share/gocode")]

MARTLET_SERVER = MARTLET / ".build" / "release" / "bench-rpc-server"
MARTLET_CLIENT = MARTLET / ".build" / "release" / "bench-rpc-client"
GRPC_SWIFT_SERVER = GRPC_SWIFT_SCRATCH / "release" / "grpc-swift-server"
GRPC_SWIFT_CLIENT = GRPC_SWIFT_SCRATCH / "release" / "grpc-swift-client"
GRPC_SWIFT_CALLER = GRPC_SWIFT_SCRATCH / "release" / "grpc-swift-echo-caller"
CPP_SERVER = BUILD / "cpp" / "server"
GO_SERVER = BUILD / "go" / "server"
LOAD = BUILD / "load"


def run(*command, cwd=HERE, environment=None):
    """Runs a command; shows what it printed only when it fails."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd, env={**os.environ, **(environment or {})}, capture_output=True, text=True,
    )
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def write_changed(source, target):
    """Copies files whose content differs, so that builds see only what changed."""
    for path in source.rglob("*"):
        if not path.is_file():
            continue
        copy = target / path.relative_to(source)
        if not copy.exists() or copy.read_bytes() != path.read_bytes():
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())


def generate(target, make):
    """Runs `make` on a scratch folder, then brings the target folder up to date with it."""
    scratch = BUILD / "scratch"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    make(scratch)
    target.mkdir(parents=True, exist_ok=True)
    write_changed(scratch, target)
    shutil.rmtree(scratch)


def make_if_changed(output, sources, make):
    """Runs `make` unless it has made the output from these very sources before."""
    text = b"".join(str(source).encode() + source.read_bytes() for source in sources)
    stamp, key = output.with_suffix(".stamp"), hashlib.sha256(text).hexdigest()
    if output.exists() and stamp.exists() and stamp.read_text() == key:
        return
    output.parent.mkdir(parents=True, exist_ok=True)
    make()
    stamp.write_text(key)


def build_load():
    sources = sorted((HERE / "load").glob("*"))
    units = [source for source in sources if source.suffix == ".cc"]
    flags = ["-O2", "-std=c++20", "-Wall", "-Wextra", "-Werror"]
    libraries = ["-lnghttp2", "-lssl", "-lcrypto"]
    make_if_changed(LOAD, sources, lambda: run("g++", *flags, *units, "-o", LOAD, *libraries))


def generate_martlet():
    run("swift", "build", "--product", "martletc", "--jobs", "2", cwd=ROOT)
    folder = run("swift", "build", "--show-bin-path", cwd=ROOT).strip()
    generate(
        MARTLET / ".build" / "generated",
        lambda out: run(
            f"{folder}/martletc", "generate", "-I", SCHEMA, "--visibility", "public",
            "--out", out, GREETER,
        ),
    )


def build_martlet():
    generate_martlet()
    for product in [MARTLET_SERVER.name, MARTLET_CLIENT.name]:
        run("swift", "build", *RELEASE, "--product", product, cwd=MARTLET)


def swift_build_grpc(*arguments):
    run("swift", "build", *RELEASE, "--scratch-path", GRPC_SWIFT_SCRATCH, *arguments, cwd=GRPC_SWIFT)


def generate_grpc_swift():
    out = GRPC_SWIFT / ".build" / "generated"
    out.mkdir(parents=True, exist_ok=True)
    # SwiftPM wants a source in each target, even before the first is generated.
    (out / "Folder.swift").touch()
    plugins = ["protoc-gen-swift", "protoc-gen-grpc-swift-2"]
    tools = [GRPC_SWIFT_SCRATCH / "release" / plugin for plugin in plugins]
    for plugin, tool in zip(plugins, tools):
        if not tool.exists():
            print(f"bench-rpc: building {plugin}; once, some minutes", flush=True)
            swift_build_grpc("--product", plugin)

    def make(scratch):
        options = "Visibility=Public,FileNaming=PathToUnderscores"
        for folder, file in [(SCHEMA, GREETER), (ECHO_SCHEMA, "echo.proto")]:
            run(
                "protoc", f"-I{folder}", *(f"--plugin={tool}" for tool in tools),
                f"--swift_out={options}:{scratch}", f"--grpc-swift-2_out={options}:{scratch}", file,
            )

    generate(out, make)


def build_grpc_swift():
    generate_grpc_swift()
    folders = [GRPC_SWIFT / "Sources", GRPC_SWIFT / ".build" / "generated"]
    sources = [path for folder in folders for path in sorted(folder.rglob("*.swift"))]
    if not GRPC_SWIFT_SERVER.exists():
        print("bench-rpc: building grpc-swift-2; once, ten minutes of CPU time", flush=True)
    # All at once: SwiftPM compiles SwiftProtobuf again for each product that is named.
    make_if_changed(
        GRPC_SWIFT_SERVER, [GRPC_SWIFT / "Package.swift", *sources], swift_build_grpc
    )


def build_cpp():
    source = HERE / "cpp" / "server.cc"
    generated = CPP_SERVER.parent / "generated"

    def make():
        generated.mkdir(exist_ok=True)
        plugin = f"--plugin=protoc-gen-grpc={shutil.which('grpc_cpp_plugin')}"
        outputs = [f"--cpp_out={generated}", f"--grpc_out={generated}"]
        run("protoc", f"-I{SCHEMA}", plugin, *outputs, GREETER)
        units = [*sorted(generated.rglob("*.cc")), source]
        libraries = run("pkg-config", "--libs", "grpc++", "protobuf").split()
        flags = ["-O2", "-DNDEBUG", "-std=c++17", f"-I{generated}"]
        run("g++", *flags, *units, "-o", CPP_SERVER, *libraries)

    make_if_changed(CPP_SERVER, [SCHEMA / GREETER, source], make)


def build_go():
    source = HERE / "go" / "server.go"
    generated = GO_PATHS[0] / "src"

    def make():
        generated.mkdir(exist_ok=True)
        run("protoc", f"-I{SCHEMA}", f"--go_out=plugins=grpc:{generated}", GREETER)
        environment = {
            "GO111MODULE": "off",
            "GOPATH": ":".join(map(str, GO_PATHS)),
            "GOCACHE": str(BUILD / "go-cache"),
        }
        run("go", "build", "-o", GO_SERVER, source, environment=environment)

    make_if_changed(GO_SERVER, [SCHEMA / GREETER, source], make)


BUILDERS = {
    "martlet": build_martlet,
    "grpc-swift-2": build_grpc_swift,
    "grpc-cpp": build_cpp,
    "grpc-go": build_go,
    "nghttpd": lambda: None,
}


def build_all(peers):
    build_load()
    for peer in ["martlet", *peers]:
        BUILDERS[peer]()
