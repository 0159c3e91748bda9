"""A package that uses the toolkit as an outside dependency: Examples/greeter, its schema made into
Swift by the build-tool plugin and by the command plugin."""

import os
import pathlib
import shutil
import socket
import subprocess
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
GREETER = ROOT / "Examples" / "greeter"
# One build folder for all, so that the toolkit is compiled once.
SCRATCH = ROOT / ".build" / "greeter"


def swift(command, package, *arguments):
    return subprocess.run(
        ["swift", command, "--package-path", package, "--scratch-path", SCRATCH, *arguments],
        capture_output=True, text=True, timeout=280,
    )  # fmt: skip


@pytest.fixture(scope="module")
def greeter():
    done = swift("build", GREETER)
    assert done.returncode == 0, done.stdout + done.stderr
    output = done.stdout + done.stderr
    assert "warning" not in output, output
    return SCRATCH / "debug"


@pytest.fixture
def copy(greeter, tmp_path):
    """The package somewhere else, to be changed."""
    package = tmp_path / "greeter"
    shutil.copytree(GREETER, package, ignore=shutil.ignore_patterns(".build", "Package.resolved"))
    manifest = package / "Package.swift"
    text = manifest.read_text()
    assert 'path: "../.."' in text
    manifest.write_text(text.replace('path: "../.."', f'path: "{ROOT}"'))
    return package


def by_martletc(out, *arguments):
    folder = pathlib.Path(os.environ.get("MARTLET_BINARIES", ROOT / ".build" / "debug"))
    subprocess.run([folder / "martletc", "generate", "--out", out, *arguments], check=True)
    return {path.name: path.read_text() for path in out.iterdir()}


def expected(tmp_path, target):
    """What martletc makes of a target's schema."""
    sources = GREETER / "Sources"
    flags = {
        "Languages": ["-I", sources / "Languages", "--messages-only"],
        "GreeterSchema": [
            "-I", sources / "GreeterSchema", "-I", sources / "Languages",
            "--module", "languages/v1/language.proto=Languages",
        ],
    }[target]  # fmt: skip
    return by_martletc(tmp_path / f"expected-{target}", *flags, sources / target)


def wait_until_open(port):
    deadline = time.monotonic() + 30
    while True:
        try:
            return socket.create_connection(("127.0.0.1", int(port)), timeout=5).close()
        except ConnectionRefusedError:
            assert time.monotonic() < deadline, "the server does not listen"
            time.sleep(0.05)


def test_the_example_builds_without_a_warning_and_greets(greeter):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    server = subprocess.Popen([greeter / "greeter-server", port], stdout=subprocess.DEVNULL)
    try:
        wait_until_open(port)
        client = subprocess.run(
            [greeter / "greeter-client", port, "Ann"], capture_output=True, text=True, timeout=30
        )
    finally:
        server.kill()
        server.wait()
    assert client.stdout.splitlines() == [
        "Hello, Ann!", "Hello, Ann!", "Guten Tag, Ann!", "Bonjour, Ann!",
    ]  # fmt: skip


def test_the_examples_server_and_client_stay_short():
    files = [*(GREETER / "Sources").glob("greeter-*/*.swift")]
    assert len(files) == 2
    assert sum(len(file.read_text().splitlines()) for file in files) < 60


@pytest.mark.parametrize("target", ["Languages", "GreeterSchema"])
def test_the_build_plugin_writes_what_martletc_writes(target, greeter, tmp_path):
    (folder,) = (SCRATCH / "plugins" / "outputs" / "greeter" / target).rglob("MartletPlugin")
    written = {path.name: path.read_text() for path in folder.glob("*.swift")}
    assert written == expected(tmp_path, target)


def test_the_command_plugin_writes_into_the_package(copy, tmp_path):
    done = swift("package", copy, "--allow-writing-to-package-directory", "generate-schema")
    assert done.returncode == 0, done.stderr
    for target in ("Languages", "GreeterSchema"):
        folder = copy / "Sources" / target / "Generated"
        written = {path.name: path.read_text() for path in folder.iterdir()}
        assert written == expected(tmp_path, target)
    done = swift(
        "package", copy, "--allow-writing-to-package-directory", "generate-schema",
        "--target", "Nobody",
    )  # fmt: skip
    assert done.returncode != 0
    assert 'the package has no target "Nobody"' in done.stderr


def test_a_mistake_in_a_schema_stops_the_build_with_its_place(copy):
    schema = copy / "Sources" / "GreeterSchema" / "greeter" / "v1" / "greeter.proto"
    schema.write_text(schema.read_text() + "message Bad {\n  languages.v1.Langage a = 1;\n}\n")
    line = len(schema.read_text().splitlines()) - 1
    done = swift("build", copy)
    assert done.returncode != 0
    output = done.stdout + done.stderr
    assert f'{schema}:{line}:3: error: "languages.v1.Langage" is not defined' in output
    assert 'did you mean "languages.v1.Language"?' in output


@pytest.mark.parametrize(
    "text, complaint",
    [
        ('{"visibilty": "package"}', 'there is no key "visibilty"; there are roots, include'),
        ('{"roots": ["nowhere"]}', "names a folder that does not exist: nowhere"),
        ('{"roots": ["../greeter-client"]}', "uses MartletPlugin but has no .proto files in"),
    ],
)
def test_a_wrong_configuration_is_told(text, complaint, copy):
    (copy / "Sources" / "Languages" / "martlet.json").write_text(text)
    done = swift("build", copy)
    assert done.returncode != 0
    assert complaint in done.stdout + done.stderr


def test_a_target_without_the_codec_is_told_what_to_add(copy):
    manifest = copy / "Package.swift"
    text = manifest.read_text()
    changed = text.replace("dependencies: [wire], plugins", "plugins")
    assert changed != text
    manifest.write_text(changed)
    done = swift("build", copy)
    assert done.returncode != 0
    assert 'add .product(name: "MartletWire", package: "martlet")' in done.stdout + done.stderr


def test_a_configuration_changes_what_is_made(copy):
    folder = copy / "Sources" / "Languages"
    (folder / "languages").rename(copy / "languages")
    (folder / "martlet.json").write_text('{"roots": ["../.."], "visibility": "package"}')
    done = swift(
        "package", copy, "--allow-writing-to-package-directory", "generate-schema",
        "--target", "Languages", "--output", "Made",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    names = sorted(path.name for path in (folder / "Made").iterdir())
    assert "languages_v1_language.swift" in names
    made = (folder / "Made" / "languages_v1_language.swift").read_text()
    assert "package struct Language: OpenEnum {" in made
