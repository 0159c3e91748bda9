import MartletSchema

extension LintRuleTests {
  static let fileCases = [
    RuleCase(
      .syntaxSpecified,
      files: ["a/v1/test.proto": "package a.v1;\n"],
      """
      a/v1/test.proto: error: the file does not say its syntax, which makes it proto2; \
      begin it with syntax = "proto3"; [SYNTAX_SPECIFIED]

      """,
      passing: ["a/v1/test.proto": "syntax = \"proto2\";\npackage a.v1;\n"]
    ),
    RuleCase(
      .fileLowerSnakeCase,
      files: ["a/TestFile.proto": "syntax = \"proto3\";\n"],
      """
      a/TestFile.proto: error: the name of the file "TestFile.proto" is not in \
      lower_snake_case; name it "test_file.proto" [FILE_LOWER_SNAKE_CASE]

      """,
      passing: ["A-B/test_file2.proto": "syntax = \"proto3\";\n"]
    ),
    RuleCase(
      .packageDefined,
      files: ["a/v1/b.proto": "syntax = \"proto3\";\n"],
      """
      a/v1/b.proto:1:1: error: the file has no package; add package a.v1; [PACKAGE_DEFINED]
      syntax = "proto3";
      ^^^^^^^^^^^^^^^^^^

      """,
      passing: ["b.proto": "syntax = \"proto3\"; package a;\n"]
    ),
    RuleCase(
      .packageLowerSnakeCase,
      files: ["b.proto": "syntax = \"proto3\"; package fooBar.v1;\n"],
      """
      b.proto:1:28: error: the name of the package "fooBar.v1" is not in lower_snake_case; \
      name it "foo_bar.v1" [PACKAGE_LOWER_SNAKE_CASE]
      syntax = "proto3"; package fooBar.v1;
                                 ^^^^^^^^^

      """,
      passing: ["b.proto": "syntax = \"proto3\"; package foo_bar.v1;\n"]
    ),
    RuleCase(
      .packageVersionSuffix,
      files: [
        "a.proto": "syntax = \"proto3\";\npackage a;\n",
        "b.proto": "syntax = \"proto3\";\npackage a.v0;\n",
        "c.proto": "syntax = \"proto3\";\npackage a.v1gamma;\n",
        "d.proto": "syntax = \"proto3\";\npackage v1;\n",
      ],
      """
      a.proto:2:9: error: the name of the package "a" does not end with a version; name it \
      "a.v1" [PACKAGE_VERSION_SUFFIX]
      package a;
              ^
      b.proto:2:9: error: the name of the package "a.v0" does not end with a version \
      [PACKAGE_VERSION_SUFFIX]
      package a.v0;
              ^^^^
      c.proto:2:9: error: the name of the package "a.v1gamma" does not end with a version \
      [PACKAGE_VERSION_SUFFIX]
      package a.v1gamma;
              ^^^^^^^^^
      d.proto:2:9: error: the name of the package "v1" does not end with a version \
      [PACKAGE_VERSION_SUFFIX]
      package v1;
              ^^

      """,
      passing: [
        "a.proto": "syntax = \"proto3\"; package a.v1;",
        "b.proto": "syntax = \"proto3\"; package a.v12beta3;",
        "c.proto": "syntax = \"proto3\"; package a.v1p2alpha;",
        "d.proto": "syntax = \"proto3\"; package a.v1test_run;",
      ]
    ),
    RuleCase(
      .packageDirectoryMatch,
      files: [
        "a/v2/b.proto": "syntax = \"proto3\";\npackage a.v1;\n",
        "b.proto": "syntax = \"proto3\";\npackage a.v1;\n",
      ],
      """
      a/v2/b.proto:2:9: error: a file of package "a.v1" belongs in "a/v1/", not in "a/v2/" \
      [PACKAGE_DIRECTORY_MATCH]
      package a.v1;
              ^^^^
      b.proto:2:9: error: a file of package "a.v1" belongs in "a/v1/", not in an include \
      directory itself [PACKAGE_DIRECTORY_MATCH]
      package a.v1;
              ^^^^

      """,
      passing: ["a/v1/b.proto": "syntax = \"proto3\";\npackage a.v1;\n"]
    ),
    RuleCase(
      .packageSameDirectory,
      files: [
        "x/a.proto": "syntax = \"proto3\";\npackage a.v1;\n",
        "y/b.proto": "syntax = \"proto3\";\npackage a.v1;\n",
      ],
      """
      y/b.proto:2:9: error: package "a.v1" is in "x/" too: "x/a.proto" \
      [PACKAGE_SAME_DIRECTORY]
      package a.v1;
              ^^^^

      """,
      passing: [
        "x/a.proto": "syntax = \"proto3\";\npackage a.v1;\n",
        "x/b.proto": "syntax = \"proto3\";\npackage a.v1;\n",
        "y/b.proto": "syntax = \"proto3\";\npackage a.v2;\n",
      ]
    ),
    RuleCase(
      .directorySamePackage,
      files: [
        "x/a.proto": "syntax = \"proto3\";\npackage a.v1;\n",
        "x/b.proto": "syntax = \"proto3\";\npackage a.v2;\n",
      ],
      """
      x/b.proto:2:9: error: "x/a.proto" in the same directory is of package "a.v1", this \
      file of package "a.v2" [DIRECTORY_SAME_PACKAGE]
      package a.v2;
              ^^^^

      """,
      passing: [
        "x/a.proto": "syntax = \"proto3\";\npackage a.v1;\n",
        "y/b.proto": "syntax = \"proto3\";\npackage a.v2;\n",
      ]
    ),
    RuleCase(
      .packageNoImportCycle,
      files: [
        "a1.proto": """
        syntax = "proto3";
        package a;
        import "b.proto";
        message A1 { b.B b = 1; }

        """,
        "a2.proto": "syntax = \"proto3\";\npackage a;\nmessage A2 {}\n",
        "b.proto": """
        syntax = "proto3";
        package b;
        import "a2.proto";
        message B { a.A2 a = 1; }

        """,
      ],
      """
      a1.proto:3:8: error: packages import each other: a -> b -> a [PACKAGE_NO_IMPORT_CYCLE]
      import "b.proto";
             ^^^^^^^^^
      b.proto:3:8: error: packages import each other: b -> a -> b [PACKAGE_NO_IMPORT_CYCLE]
      import "a2.proto";
             ^^^^^^^^^^

      """,
      passing: [
        "a.proto": "syntax = \"proto3\"; package a; import \"b.proto\"; message A { b.B b = 1; }",
        "b.proto": "syntax = \"proto3\"; package b; import \"c.proto\"; message B { c.C c = 1; }",
        "c.proto": "syntax = \"proto3\"; package c; message C {}",
      ]
    ),
    RuleCase(
      .importUsed,
      "import \"google/protobuf/any.proto\";\n",
      """
      a/v1/test.proto:3:8: error: nothing of "google/protobuf/any.proto" is used [IMPORT_USED]
      import "google/protobuf/any.proto";
             ^^^^^^^^^^^^^^^^^^^^^^^^^^^

      """,
      passing: "import \"google/protobuf/any.proto\";\nmessage M { google.protobuf.Any a = 1; }\n"
    ),
    RuleCase(
      .importNoPublic,
      "import public \"google/protobuf/any.proto\";\n",
      """
      a/v1/test.proto:3:1: error: "google/protobuf/any.proto" is imported publicly: who \
      imports this file depends on both; leave "public" out and import it where it is used \
      [IMPORT_NO_PUBLIC]
      import public "google/protobuf/any.proto";
      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

      """,
      passing: "import \"google/protobuf/any.proto\";\n"
    ),
    RuleCase(
      .importNoWeak,
      "import weak \"google/protobuf/any.proto\";\n",
      """
      a/v1/test.proto:3:1: error: "google/protobuf/any.proto" is imported weakly, which few \
      languages know; leave "weak" out [IMPORT_NO_WEAK]
      import weak "google/protobuf/any.proto";
      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

      """,
      passing: "import \"google/protobuf/any.proto\";\n"
    ),
    RuleCase(
      .importSorted,
      "import \"google/protobuf/type.proto\";\nimport \"google/protobuf/any.proto\";\n",
      """
      a/v1/test.proto:4:8: error: "google/protobuf/any.proto" stands behind \
      "google/protobuf/type.proto"; imports stand in alphabetical order [IMPORT_SORTED]
      import "google/protobuf/any.proto";
             ^^^^^^^^^^^^^^^^^^^^^^^^^^^

      """,
      passing: "import \"google/protobuf/any.proto\";\nimport \"google/protobuf/type.proto\";\n"
    ),
  ]
}
