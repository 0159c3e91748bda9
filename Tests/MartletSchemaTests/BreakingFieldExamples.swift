import MartletSchema

extension BreakingRuleTests {
  private static let proto2 = "syntax = \"proto2\";\n"

  static let fieldCases = [
    BreakingCase(
      .fieldNoDelete,
      "message M {\n  int32 a = 1;\n}\n",
      "message M {\n  reserved 1;\n  reserved \"a\";\n}\n",
      """
      old/a.proto:4:9: error: breaks source: the field "a" of "a.M" is gone; keep it and \
      mark it deprecated = true [FIELD_NO_DELETE]
        int32 a = 1;
              ^

      """,
      passing: "message M { int32 b = 1; }\n"
    ),
    BreakingCase(
      .fieldNoDeleteUnlessNumberReserved,
      "message M {\n  int32 a = 1;\n}\n",
      "message M {\n  reserved 2;\n  reserved \"a\";\n}\n",
      """
      old/a.proto:4:13: error: breaks wire: the field "a" of "a.M" is gone and its number \
      is free: a later field would read the bytes of this one; add reserved 1; \
      [FIELD_NO_DELETE_UNLESS_NUMBER_RESERVED]
        int32 a = 1;
                  ^

      """,
      passing: "message M { reserved 1 to 4; }\n"
    ),
    BreakingCase(
      .fieldNoDeleteUnlessNameReserved,
      "message M {\n  int32 a = 1;\n}\n",
      "message M {\n  reserved 1;\n  reserved \"b\";\n}\n",
      """
      old/a.proto:4:9: error: breaks JSON: the field "a" of "a.M" is gone and its name is \
      free: a later field would read the JSON of this one; add reserved "a"; \
      [FIELD_NO_DELETE_UNLESS_NAME_RESERVED]
        int32 a = 1;
              ^

      """,
      passing: "message M { reserved \"b\", \"a\"; }\n"
    ),
    BreakingCase(
      .fieldSameName,
      "message M {\n  int32 a = 1;\n}\n",
      "message M {\n  int32 b = 1;\n}\n",
      """
      a.proto:4:9: error: breaks source: the field "a" is now "b"; name it "a" again \
      [FIELD_SAME_NAME]
        int32 b = 1;
              ^

      """,
      passing: "message M { int32 b = 2; int32 a = 1; }\n"
    ),
    BreakingCase(
      .fieldSameJSONName,
      "message M {\n  int32 heart_rate = 1;\n  int32 b = 2;\n}\n",
      "message M {\n  int32 pulse = 1;\n  int32 b = 2 [json_name = \"x\"];\n}\n",
      """
      a.proto:4:9: error: breaks JSON: "pulse" was "heartRate" in JSON and is "pulse"; add \
      [json_name = "heartRate"] [FIELD_SAME_JSON_NAME]
        int32 pulse = 1;
              ^^^^^
      a.proto:5:28: error: breaks JSON: "b" was "b" in JSON and is "x"; add [json_name = \
      "b"] [FIELD_SAME_JSON_NAME]
        int32 b = 2 [json_name = "x"];
                                 ^^^

      """,
      passing: """
        message M {
          int32 pulse = 1 [json_name = "heartRate"];
          int32 b = 2 [json_name = "b"];
        }
        """
    ),
    BreakingCase(
      .fieldSameNumber,
      "message M {\n  int32 a = 1;\n}\n",
      "message M {\n  int32 a = 2;\n}\n",
      """
      a.proto:4:13: error: breaks wire: the number of "a" was 1 and is 2: readers take one \
      version's field for unknown in the other; give it 1 again, or reserve that and name \
      the new field otherwise [FIELD_SAME_NUMBER]
        int32 a = 2;
                  ^

      """,
      passing: "message M { int32 b = 1; int32 c = 2; }\n"
    ),
    BreakingCase(
      .fieldSameCardinality,
      "message M {\n  int32 a = 1;\n  repeated int32 b = 2;\n  map<int32, int32> c = 3;\n}\n",
      "message M {\n  repeated int32 a = 1;\n  int32 b = 2;\n  repeated N c = 3;\n}\n"
        + "message N { int32 key = 1; int32 value = 2; }\n",
      """
      a.proto:4:3: error: breaks source: "a" was a single value and is a list; add a field \
      for the new form [FIELD_SAME_CARDINALITY]
        repeated int32 a = 1;
        ^^^^^^^^
      a.proto:5:3: error: breaks source: "b" was a list and is a single value; add a field \
      for the new form [FIELD_SAME_CARDINALITY]
        int32 b = 2;
        ^^^^^
      a.proto:6:3: error: breaks source: "c" was a map and is a list; add a field for the \
      new form [FIELD_SAME_CARDINALITY]
        repeated N c = 3;
        ^^^^^^^^

      """,
      passing: "message M { int64 a = 1; repeated string b = 2; map<string, bool> c = 3; }\n"
    ),
    BreakingCase(
      .fieldWireCompatibleCardinality,
      "message N { int32 key = 1; }\n"
        + "message M {\n  int32 a = 1;\n  repeated string b = 2;\n  repeated N c = 3;\n}\n",
      "message N { int32 key = 1; }\n"
        + "message M {\n  repeated int32 a = 1;\n  string b = 2;\n  map<int32, N> c = 3;\n}\n",
      """
      a.proto:5:3: error: breaks wire: "a" was a single value and is a list: readers of the \
      old version do not find a value in a packed list; add a field for the new form \
      [FIELD_WIRE_COMPATIBLE_CARDINALITY]
        repeated int32 a = 1;
        ^^^^^^^^
      a.proto:6:3: error: breaks wire: "b" was a list and is a single value: of several \
      values one is left at most; add a field for the new form \
      [FIELD_WIRE_COMPATIBLE_CARDINALITY]
        string b = 2;
        ^^^^^^
      a.proto:7:3: error: breaks wire: "c" was a list and is a map: values with the same \
      key fall together; add a field for the new form [FIELD_WIRE_COMPATIBLE_CARDINALITY]
        map<int32, N> c = 3;
        ^^^^^^^^^^^^^

      """,
      passing: "message N { int32 key = 1; }\n"
        + "message M { repeated int32 a = 1 [packed = false]; repeated string b = 2; }\n"
    ),
    BreakingCase(
      .fieldJSONCompatibleCardinality,
      "message M {\n  int32 a = 1;\n}\n",
      "message M {\n  repeated int32 a = 1;\n}\n",
      """
      a.proto:4:3: error: breaks JSON: "a" was a single value and is a list, which JSON \
      writes differently; add a field for the new form [FIELD_JSON_COMPATIBLE_CARDINALITY]
        repeated int32 a = 1;
        ^^^^^^^^

      """,
      passing: "message M { string a = 1; }\n"
    ),
    BreakingCase(
      .fieldSamePresence,
      "message M {\n  int32 a = 1;\n  optional int32 b = 2;\n}\n",
      "message M {\n  optional int32 a = 1;\n  int32 b = 2;\n}\n",
      """
      a.proto:4:3: error: breaks source: "a" had no presence and has it: in Swift it \
      becomes an optional; leave "optional" out [FIELD_SAME_PRESENCE]
        optional int32 a = 1;
        ^^^^^^^^
      a.proto:5:9: error: breaks source: "b" had presence and has none: zero and unset are \
      the same now; write it with "optional" [FIELD_SAME_PRESENCE]
        int32 b = 2;
              ^

      """,
      passing: "message M { int32 a = 1; oneof x { int32 b = 2; } }\n"
    ),
    BreakingCase(
      .fieldSameRequired,
      files: [
        "a.proto": "\(proto2)message M {\n  optional int32 a = 1;\n  required int32 b = 2;\n"
          + "  required int32 c = 3;\n}\n"
      ],
      [
        "a.proto": "\(proto2)message M {\n  required int32 a = 1;\n  optional int32 b = 2;\n"
          + "  required int32 d = 4;\n}\n"
      ],
      """
      a.proto:3:3: error: breaks wire and JSON: "a" is now required: messages of the old \
      version without it are refused [FIELD_SAME_REQUIRED]
        required int32 a = 1;
        ^^^^^^^^
      a.proto:4:3: error: breaks wire and JSON: "b" is no longer required: readers of the \
      old version refuse messages without it [FIELD_SAME_REQUIRED]
        optional int32 b = 2;
        ^^^^^^^^
      a.proto:5:3: error: breaks wire and JSON: "d" is new and required: messages of the \
      old version lack it and are refused; make it optional [FIELD_SAME_REQUIRED]
        required int32 d = 4;
        ^^^^^^^^
      old/a.proto:5:3: error: breaks wire and JSON: the field "c" of "M" is gone, and \
      readers of the old version refuse messages without it [FIELD_SAME_REQUIRED]
        required int32 c = 3;
        ^^^^^^^^

      """,
      passing: [
        "a.proto": "\(proto2)message M { optional int32 x = 1; required int32 b = 2; "
          + "required int64 c = 3; optional int32 d = 4; }\n"
      ]
    ),
    BreakingCase(
      .fieldSameDefault,
      files: [
        "a.proto": "\(proto2)enum E { A = 0; B = 1; }\n"
          + "message M {\n  optional int32 a = 1 [default = 5];\n  optional E b = 2;\n}\n"
      ],
      [
        "a.proto": "\(proto2)enum E { A = 0; B = 1; }\n"
          + "message M {\n  optional int32 a = 1;\n  optional E b = 2 [default = B];\n}\n"
      ],
      """
      a.proto:4:18: error: breaks wire and JSON: the default of "a" was 5 and is 0: \
      messages without it mean something else; give it the default 5 again \
      [FIELD_SAME_DEFAULT]
        optional int32 a = 1;
                       ^
      a.proto:5:31: error: breaks wire and JSON: the default of "b" was A and is B: \
      messages without it mean something else; give it the default A again \
      [FIELD_SAME_DEFAULT]
        optional E b = 2 [default = B];
                                    ^

      """,
      passing: [
        "a.proto": "\(proto2)enum E { A = 0; B = 1; }\n"
          + "message M { optional int32 a = 1 [default = 0x5]; optional E b = 2 [default = A]; }\n"
      ]
    ),
    BreakingCase(
      .fieldSameOneof,
      "message M {\n  int32 a = 1;\n  oneof x {\n    int32 b = 2;\n    int32 c = 3;\n  }\n}\n",
      "message M {\n  oneof x {\n    int32 a = 1;\n    int32 b = 2;\n  }\n  int32 c = 3;\n}\n",
      """
      a.proto:5:11: error: breaks source: the field "a" was in no oneof and is in "x" \
      [FIELD_SAME_ONEOF]
          int32 a = 1;
                ^
      a.proto:8:9: error: breaks source: the field "c" was in the oneof "x" and is in none \
      [FIELD_SAME_ONEOF]
        int32 c = 3;
              ^

      """,
      passing: "message M { oneof x { int32 c = 3; int32 b = 2; int32 d = 4; } int32 a = 1; }\n"
    ),
    BreakingCase(
      .fieldCompatibleOneof,
      "message M {\n  int32 a = 1;\n  oneof x { int32 b = 2; }\n}\n",
      "message M {\n  oneof x {\n    int32 b = 2;\n    int32 a = 1;\n  }\n}\n",
      """
      a.proto:6:11: error: breaks wire and JSON: "b" and "a" could be set together and now \
      meet in the oneof "x": binary keeps the last of them, JSON is refused; put new fields \
      into the oneof [FIELD_COMPATIBLE_ONEOF]
          int32 a = 1;
                ^

      """,
      passing: "message M { oneof x { int32 a = 1; int32 d = 4; } oneof y { int32 b = 2; } }\n"
    ),
  ]

  static let typeCases = [
    BreakingCase(
      .fieldSameType,
      "message N {}\nmessage M {\n  int32 a = 1;\n  N n = 2;\n  map<int32, N> m = 3;\n}\n",
      "message N {}\nmessage M {\n  int64 a = 1;\n  M n = 2;\n  map<int32, M> m = 3;\n}\n",
      """
      a.proto:5:3: error: breaks source: the type of "a" was int32 and is int64; add a \
      field of the new type and keep this one [FIELD_SAME_TYPE]
        int64 a = 1;
        ^^^^^
      a.proto:6:3: error: breaks source: the type of "n" was "a.N" and is "a.M"; add a \
      field of the new type and keep this one [FIELD_SAME_TYPE]
        M n = 2;
        ^
      a.proto:7:3: error: breaks source: the type of "m" was map<int32, "a.N"> and is \
      map<int32, "a.M">; add a field of the new type and keep this one [FIELD_SAME_TYPE]
        map<int32, M> m = 3;
        ^^^^^^^^^^^^^

      """,
      passing: "message N {}\nmessage M { sfixed32 a = 1; N n = 2; map<sint32, N> m = 3; }\n"
    ),
    BreakingCase(
      .fieldWireCompatibleType,
      """
      message A { int32 x = 1; }
      message B { string x = 1; }
      message M {
        int32 a = 1;
        A b = 2;
        map<string, int32> c = 3;
      }

      """,
      """
      message A { int32 x = 1; }
      message B { string x = 1; }
      message M {
        sint32 a = 1;
        B b = 2;
        map<string, sint32> c = 3;
      }

      """,
      """
      a.proto:6:3: error: breaks wire: the type of "a" was int32 and is sint32: they are \
      written in different ways; add a field of the new type and keep this one \
      [FIELD_WIRE_COMPATIBLE_TYPE]
        sint32 a = 1;
        ^^^^^^
      a.proto:7:3: error: breaks wire: the type of "b" was "a.A" and is "a.B": the messages \
      have different fields; add a field of the new type and keep this one \
      [FIELD_WIRE_COMPATIBLE_TYPE]
        B b = 2;
        ^
      a.proto:8:3: error: breaks wire: the type of "c" was map<string, int32> and is \
      map<string, sint32>: they are written in different ways; add a field of the new type \
      and keep this one [FIELD_WIRE_COMPATIBLE_TYPE]
        map<string, sint32> c = 3;
        ^^^^^^^^^^^^^^^^^^^

      """,
      passing: """
        message A { int32 x = 1; }
        message B { string x = 1; }
        message C { int64 y = 1; string z = 2; }
        message M { int64 a = 1; C b = 2; map<string, int64> c = 3; }
        """
    ),
    BreakingCase(
      .fieldJSONCompatibleType,
      "import \"google/protobuf/wrappers.proto\";\n"
        + "message M {\n  string a = 1;\n  int32 b = 2;\n  google.protobuf.Int32Value c = 3;\n}\n",
      "message M {\n  bytes a = 1;\n  bool b = 2;\n  string c = 3;\n}\n",
      """
      a.proto:4:3: error: breaks JSON: the type of "a" was string and is bytes: JSON writes \
      them differently; add a field of the new type and keep this one \
      [FIELD_JSON_COMPATIBLE_TYPE]
        bytes a = 1;
        ^^^^^
      a.proto:5:3: error: breaks JSON: the type of "b" was int32 and is bool: JSON writes \
      them differently; add a field of the new type and keep this one \
      [FIELD_JSON_COMPATIBLE_TYPE]
        bool b = 2;
        ^^^^
      a.proto:6:3: error: breaks JSON: the type of "c" was "google.protobuf.Int32Value" and \
      is string: JSON writes them differently; add a field of the new type and keep this \
      one [FIELD_JSON_COMPATIBLE_TYPE]
        string c = 3;
        ^^^^^^

      """,
      passing: "import \"google/protobuf/wrappers.proto\";\n"
        + "message M { string a = 1; google.protobuf.Int64Value b = 2; int32 c = 3; }\n"
    ),
    BreakingCase(
      .fieldWireValueRange,
      "enum E { Z = 0; }\nmessage M {\n  int64 a = 1;\n  bytes b = 2;\n  uint32 c = 3;\n}\n",
      "enum E { Z = 0; }\nmessage M {\n  int32 a = 1;\n  string b = 2;\n  E c = 3;\n}\n",
      """
      a.proto:5:3: error: breaks wire: the type of "a" was int64 and is int32: numbers \
      beyond -2147483648 to 2147483647 change or are refused; add a field of the new type \
      and keep this one [FIELD_WIRE_VALUE_RANGE]
        int32 a = 1;
        ^^^^^
      a.proto:6:3: error: breaks wire: the type of "b" was bytes and is string: bytes that \
      are not UTF-8 are refused; add a field of the new type and keep this one \
      [FIELD_WIRE_VALUE_RANGE]
        string b = 2;
        ^^^^^^
      a.proto:7:3: error: breaks wire: the type of "c" was uint32 and is "a.E": numbers \
      beyond -2147483648 to 2147483647 change or are refused; add a field of the new type \
      and keep this one [FIELD_WIRE_VALUE_RANGE]
        E c = 3;
        ^

      """,
      passing: "enum E { Z = 0; }\nmessage M { int64 a = 1; bytes b = 2; int64 c = 3; }\n"
    ),
    BreakingCase(
      .fieldJSONValueRange,
      "enum E { Z = 0; O = 1; }\nenum F { Y = 0; }\n"
        + "message M {\n  int64 a = 1;\n  double b = 2;\n  E c = 3;\n}\n",
      "enum E { Z = 0; O = 1; }\nenum F { Y = 0; }\n"
        + "message M {\n  double a = 1;\n  float b = 2;\n  F c = 3;\n}\n",
      """
      a.proto:6:3: error: breaks JSON: the type of "a" was int64 and is double: numbers \
      beyond 2^53 lose digits; add a field of the new type and keep this one \
      [FIELD_JSON_VALUE_RANGE]
        double a = 1;
        ^^^^^^
      a.proto:7:3: error: breaks JSON: the type of "b" was double and is float: numbers \
      lose digits or are out of range; add a field of the new type and keep this one \
      [FIELD_JSON_VALUE_RANGE]
        float b = 2;
        ^^^^^
      a.proto:8:3: error: breaks JSON: the type of "c" was "a.E" and is "a.F": "Z" is not \
      of the new enum, or has another number in it; add a field of the new type and keep \
      this one [FIELD_JSON_VALUE_RANGE]
        F c = 3;
        ^

      """,
      passing: "enum E { Z = 0; O = 1; }\nenum F { Y = 0; }\n"
        + "message M { sint64 a = 1; double b = 2; E c = 3; }\n"
    ),
  ]
}
