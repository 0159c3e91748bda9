"""`martletc check` and `martletc breaking` as a shell sees them: what is printed where, exit codes,
which files are looked at."""

import json
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
HEAD = 'syntax = "proto3";\npackage a.v1;\n'


@pytest.fixture
def run(tmp_path):
    folder = pathlib.Path(os.environ.get("MARTLET_BINARIES", ROOT / ".build" / "debug"))

    def run(*arguments, code=0):
        done = subprocess.run(
            [folder / "martletc", *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        return done

    return run


@pytest.fixture
def write(tmp_path):
    def write(path, text):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)

    return write


def test_check_finds_all_files_of_the_include_directories(run, write):
    write("schema/a/v1/one.proto", HEAD + "message bad {}\n")
    write("schema/a/v1/two.proto", HEAD + "message Good {}\n")
    write("schema/.hidden/three.proto", "nonsense")
    done = run("check", "-I", "schema", code=1)
    assert done.stdout == (
        'schema/a/v1/one.proto:3:9: error: the name of the message "bad" is not in UpperCamelCase; '
        'name it "Bad" [MESSAGE_PASCAL_CASE]\nmessage bad {}\n        ^^^\n'
    )
    assert done.stderr == ""
    run("check", "-I", "schema", "schema/a/v1/two.proto")
    run("check", "-I", "schema", "schema/a", code=1)
    run("check", "-I", "schema", "--disable", "names")
    run("check", "-I", "schema", "--disable", "ALL", "--enable", "COMMENTS", code=1)


def test_an_include_directory_that_does_not_exist_is_told(run, write):
    write("a.proto", HEAD)
    warning = "martletc: warning: there is no directory shcema to include\n"
    done = run("check", "-I", "shcema", code=64)
    assert done.stderr.startswith(warning + "Error: there are no schema files to check")
    done = run("descriptors", "-I", "shcema", "-I", ".", "--out", "a.binpb", "a.proto")
    assert done.stderr == warning


def test_errors_of_the_language_go_to_standard_error_and_findings_wait(run, write):
    write("a.proto", HEAD + "message bad { strng a = 1; }\n")
    done = run("check", "a.proto", code=1)
    assert done.stdout == "" and "did you mean" in done.stderr
    done = run("check", "a.proto", "--format", "json", code=1)
    assert done.stderr == "" and json.loads(done.stdout)["severity"] == "error"


def test_findings_print_for_programs(run, write):
    write("s/a/v1/a.proto", HEAD + "message bad {}\n")
    found = json.loads(run("check", "-I", "s", "--format", "json", code=1).stdout)
    assert (found["file"], found["line"], found["column"]) == ("s/a/v1/a.proto", 3, 9)
    assert found["rule"] == "MESSAGE_PASCAL_CASE" and found["endColumn"] == 12
    text = run("check", "-I", "s", "--format", "github", code=1).stdout
    assert text.startswith("::error file=s/a/v1/a.proto,line=3,")


@pytest.mark.parametrize("command", ["check", "breaking"])
def test_rules_are_listed_documented_and_refused_when_unknown(command, run):
    lines = run(command, "--list-rules").stdout.splitlines()
    names = [line[2:].split()[0] for line in lines]
    assert len(names) == len(set(names)) > 40
    page = (ROOT / "docs" / "lint.md").read_text()
    for line in lines:
        mark, name, categories, summary = line[0], *line[2:].split(maxsplit=2)
        row = f"| `{name}` | {categories.replace(',', ', ')} | {'yes' if mark == '*' else 'no'} | {summary} |"
        if command == "breaking":
            row = f"| `{name}` | {categories.replace(',', ', ')} | {summary} |"
        assert row in page, f"docs/lint.md lacks: {row}"
    done = run(command, "--against", ".", "--disable", "X_Y", code=64) if command == "breaking" else run(
        command, "--disable", "X_Y", code=64
    )
    assert 'there is no rule or category "X_Y"' in done.stderr


def test_breaking_compares_with_a_directory_or_with_descriptors(run, write):
    write("old/a/v1/a.proto", HEAD + "message M {\n  int32 a = 1;\n  int32 b = 2;\n}\n")
    write("new/a/v1/a.proto", HEAD + "message M {\n  sint32 a = 1;\n}\n")
    done = run("breaking", "-I", "new", "--against", "old", "--category", "wire", code=1)
    places = [line.split(": ")[0] for line in done.stdout.splitlines() if "error" in line]
    assert places == ["new/a/v1/a.proto:4:3", "old/a/v1/a.proto:5:13"]
    run("descriptors", "-I", "old", "--out", "old.binpb", "--include-source-info", "old")
    done = run("breaking", "-I", "new", "--against", "old.binpb", "--category", "wire", code=1)
    places = [line.split(": ")[0] for line in done.stdout.splitlines() if "error" in line]
    assert places == ["new/a/v1/a.proto:4:3", "a/v1/a.proto:5:13"]
    run("breaking", "-I", "old", "--against", "old.binpb")
    run("breaking", "-I", "new", "--against", "old", "--ignore", "a.v1.M")
    run("breaking", "-I", "new", "--against", "old", "--disable", "ALL")
    assert run("breaking", "-I", "new", code=64).stderr.startswith("Error: --against is missing")
    write("broken.binpb", "no descriptors")
    assert "cannot read broken.binpb" in run("breaking", "-I", "new", "--against", "broken.binpb", code=1).stderr
    assert "no such file" in run("breaking", "-I", "new", "--against", "none", code=1).stderr


def test_breaking_looks_only_at_what_is_named(run, write):
    write("old/a/v1/a.proto", HEAD + "message M {}\n")
    write("old/b/v1/b.proto", 'syntax = "proto3";\npackage b.v1;\nmessage N {}\n')
    write("new/a/v1/a.proto", HEAD + "message M {}\n")
    write("new/b/v1/c.proto", 'syntax = "proto3";\npackage b.v1;\n')
    run("breaking", "-I", "new", "--against", "old", "new/a")
    run("breaking", "-I", "new", "--against", "old", "a/v1/a.proto")
    done = run("breaking", "-I", "new", "--against", "old", "new/b", code=1)
    assert "FILE_NO_DELETE" in done.stdout and "MESSAGE_NO_DELETE" in done.stdout


def test_the_schema_of_this_repository_is_clean_and_breaks_nothing(run):
    run("check", "-I", ROOT / "schema", "--enable", "COMMENTS")
    run("breaking", "-I", ROOT / "schema", "--against", ROOT / "schema")
