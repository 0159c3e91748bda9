import MartletSchema

extension BreakingRuleTests {
  private static let proto3 = "syntax = \"proto3\";\n"
  private static let proto2 = "syntax = \"proto2\";\n"

  static let fileCases = [
    BreakingCase(
      .fileNoDelete,
      files: ["a.proto": "\(proto3)message A {}\n", "b.proto": "\(proto3)message B {}\n"],
      ["a.proto": "\(proto3)message A {}\nmessage B {}\n"],
      """
      old/b.proto: error: breaks source: the file "b.proto" is gone: what imports it no \
      longer compiles; keep it, importing publicly what its declarations moved to \
      [FILE_NO_DELETE]

      """,
      passing: ["a.proto": "\(proto3)message A {}\n", "b.proto": proto3]
    ),
    BreakingCase(
      .fileSamePackage,
      files: ["a.proto": "\(proto3)package a.v1;\nmessage A { A a = 1; }\n"],
      ["a.proto": "\(proto3)package a.v2;\nmessage A { A a = 1; }\n"],
      """
      a.proto:2:9: error: breaks wire, JSON and source: the file was of package "a.v1" and \
      is of "a.v2": the paths of calls, type URLs in Any and the names of all its types \
      change; add a file for the new package and keep this one [FILE_SAME_PACKAGE]
      package a.v2;
              ^^^^

      """,
      passing: ["a.proto": "\(proto3)package a.v1;\n"]
    ),
    BreakingCase(
      .fileSameSwiftPrefix,
      files: ["a.proto": "\(proto3)option swift_prefix = \"A\";\n"],
      ["a.proto": "\(proto3)option swift_prefix = \"B\";\n"],
      """
      a.proto:2:1: error: breaks source: swift_prefix was "A" and is "B": all its types get \
      other names in Swift [FILE_SAME_SWIFT_PREFIX]
      option swift_prefix = "B";
      ^^^^^^^^^^^^^^^^^^^^^^^^^

      """,
      passing: ["a.proto": "\(proto3)option swift_prefix = \"A\";\noption java_package = \"b\";\n"]
    ),
  ]

  static let messageCases = [
    BreakingCase(
      .messageNoDelete,
      "message M { message Inner { message Innermost {} } }\n",
      "message M {}\nmessage Inner {}\n",
      """
      old/a.proto:3:21: error: breaks source: the message "a.M.Inner" is gone; an Any that \
      holds one cannot be read; keep it and mark it deprecated = true [MESSAGE_NO_DELETE]
      message M { message Inner { message Innermost {} } }
                          ^^^^^

      """,
      passing: "message Other {}\nmessage M { message Inner { message Innermost {} } }\n"
    ),
    BreakingCase(
      .messageSameSetFormat,
      files: ["a.proto": "\(proto2)message M { extensions 4 to max; }\n"],
      [
        "a.proto": "\(proto2)message M {\n  option message_set_wire_format = true;\n"
          + "  extensions 4 to max;\n}\n"
      ],
      """
      a.proto:2:9: error: breaks wire: message_set_wire_format of "M" changed: its \
      extensions are written in another way [MESSAGE_SAME_MESSAGE_SET_WIRE_FORMAT]
      message M {
              ^

      """,
      passing: ["a.proto": "\(proto2)message M { extensions 4 to 9; }\n"]
    ),
    BreakingCase(
      .reservedNumberNoDelete,
      "message M { reserved 1, 5 to 9; }\nenum E { A = 0; reserved -4 to -2; }\n",
      "message M { reserved 6, 7; int32 a = 5; }\nenum E { A = 0; reserved -4, -2; }\n",
      """
      old/a.proto:3:22: error: breaks wire: the number 1 of "a.M" is no longer reserved: \
      what was written under it once would be read as something else; add reserved 1; \
      [RESERVED_NUMBER_NO_DELETE]
      message M { reserved 1, 5 to 9; }
                           ^
      old/a.proto:3:25: error: breaks wire: the numbers 5, 8 to 9 of "a.M" are no longer \
      reserved: what was written under it once would be read as something else; add \
      reserved 5, 8 to 9; [RESERVED_NUMBER_NO_DELETE]
      message M { reserved 1, 5 to 9; }
                              ^^^^^^
      old/a.proto:4:26: error: breaks wire: the number -3 of "a.E" is no longer reserved: \
      what was written under it once would be read as something else; add reserved -3; \
      [RESERVED_NUMBER_NO_DELETE]
      enum E { A = 0; reserved -4 to -2; }
                               ^^^^^^^^

      """,
      passing: "message M { reserved 1 to 20; }\nenum E { A = 0; reserved -4 to -3, -2; }\n"
    ),
    BreakingCase(
      .reservedNameNoDelete,
      "message M { reserved \"a\", \"b\"; }\nenum E { A = 0; reserved \"B\"; }\n",
      "message M { reserved \"b\"; }\nenum E { A = 0; B = 1; }\n",
      """
      old/a.proto:3:22: error: breaks JSON: the name "a" of "a.M" is no longer reserved: \
      what was written under it once would be read as something else; add reserved "a"; \
      [RESERVED_NAME_NO_DELETE]
      message M { reserved "a", "b"; }
                           ^^^
      old/a.proto:4:26: error: breaks JSON: the name "B" of "a.E" is no longer reserved: \
      what was written under it once would be read as something else; add reserved "B"; \
      [RESERVED_NAME_NO_DELETE]
      enum E { A = 0; reserved "B"; }
                               ^^^

      """,
      passing: "message M { reserved \"c\", \"b\", \"a\"; }\nenum E { A = 0; reserved \"B\"; }\n"
    ),
    BreakingCase(
      .extensionRangeNoDelete,
      files: ["a.proto": "\(proto2)message M { extensions 4 to 9; }\n"],
      ["a.proto": "\(proto2)message M { extensions 4 to 7; }\n"],
      """
      old/a.proto:2:24: error: breaks wire, JSON and source: the numbers 8 to 9 of "M" are \
      no longer open to extensions [EXTENSION_RANGE_NO_DELETE]
      message M { extensions 4 to 9; }
                             ^^^^^^

      """,
      passing: ["a.proto": "\(proto2)message M { extensions 4 to 5, 6 to max; }\n"]
    ),
    BreakingCase(
      .extensionNoDelete,
      files: [
        "a.proto": "\(proto2)message M { extensions 4 to 9; }\n"
          + "extend M { optional int32 a = 4; optional int32 b = 5; }\n"
      ],
      [
        "a.proto": "\(proto2)message M { extensions 4 to 9; }\n"
          + "extend M { optional int32 a = 4; }\n"
      ],
      """
      old/a.proto:3:49: error: breaks source: the extension "b" of "M" is gone \
      [EXTENSION_NO_DELETE]
      extend M { optional int32 a = 4; optional int32 b = 5; }
                                                      ^

      """,
      passing: [
        "a.proto": "\(proto2)message M { extensions 4 to 9; extend M { optional int32 b = 5; } }\n"
          + "extend M { optional int32 a = 4; }\n"
      ]
    ),
    BreakingCase(
      .oneofNoDelete,
      "message M { oneof what { int32 a = 1; } }\n",
      "message M { oneof that { int32 a = 1; } }\n",
      """
      old/a.proto:3:19: error: breaks source: the oneof "what" of "a.M" is gone \
      [ONEOF_NO_DELETE]
      message M { oneof what { int32 a = 1; } }
                        ^^^^

      """,
      passing: "message M { int32 a = 1; oneof what { int32 b = 2; } }\n"
    ),
  ]

  static let enumCases = [
    BreakingCase(
      .enumNoDelete,
      "enum E { A = 0; }\nmessage M { enum F { B = 0; } }\n",
      "enum G { A = 0; }\nmessage M {}\n",
      """
      old/a.proto:3:6: error: breaks source: the enum "a.E" is gone; keep it and mark it \
      deprecated = true [ENUM_NO_DELETE]
      enum E { A = 0; }
           ^
      old/a.proto:4:18: error: breaks source: the enum "a.M.F" is gone; keep it and mark it \
      deprecated = true [ENUM_NO_DELETE]
      message M { enum F { B = 0; } }
                       ^

      """,
      passing: "message M { enum F { B = 0; } }\nenum E { A = 0; }\n"
    ),
    BreakingCase(
      .enumSameType,
      files: ["a.proto": "\(proto3)enum E { A = 0; }\n"],
      ["a.proto": "\(proto2)enum E { A = 0; }\n"],
      """
      a.proto:2:6: error: breaks wire and JSON: the enum "E" was open and is closed: \
      numbers without a name are no longer kept as values [ENUM_SAME_TYPE]
      enum E { A = 0; }
           ^

      """,
      passing: ["a.proto": "\(proto3)enum E { A = 0; B = 1; }\n"]
    ),
    BreakingCase(
      .enumSameDefault,
      files: ["a.proto": "\(proto2)enum E { A = 0; B = 1; }\n"],
      ["a.proto": "\(proto2)enum E { B = 1; A = 0; }\n"],
      """
      a.proto:2:10: error: breaks wire and JSON: a field of the enum "E" that is not set \
      was A and is B; begin with A again [ENUM_SAME_DEFAULT]
      enum E { B = 1; A = 0; }
               ^

      """,
      passing: ["a.proto": "\(proto2)enum E { A = 0; C = 2; B = 1; }\n"]
    ),
    BreakingCase(
      .enumValueNoDelete,
      "enum E { A = 0; B = 1; }\n",
      "enum E { A = 0; reserved 1; reserved \"B\"; }\n",
      """
      old/a.proto:3:17: error: breaks source: the value B of "a.E" is gone; keep it and \
      mark it deprecated = true [ENUM_VALUE_NO_DELETE]
      enum E { A = 0; B = 1; }
                      ^

      """,
      passing: "enum E { A = 0; C = 1; }\n"
    ),
    BreakingCase(
      .enumValueNoDeleteUnlessNumberReserved,
      "enum E {\n  A = 0;\n  B = 1;\n}\n",
      "enum E {\n  A = 0;\n  reserved \"B\";\n}\n",
      """
      old/a.proto:5:7: error: breaks wire: the value B of "a.E" is gone and its number is \
      free: a later value would be read for this one; add reserved 1; \
      [ENUM_VALUE_NO_DELETE_UNLESS_NUMBER_RESERVED]
        B = 1;
            ^

      """,
      passing: "enum E { A = 0; reserved 1 to 3; }\n"
    ),
    BreakingCase(
      .enumValueNoDeleteUnlessNameReserved,
      "enum E {\n  A = 0;\n  B = 1;\n}\n",
      "enum E {\n  A = 0;\n  reserved 1;\n}\n",
      """
      old/a.proto:5:3: error: breaks JSON: the value B of "a.E" is gone and its name is \
      free: a later value would be read for this one; add reserved "B"; \
      [ENUM_VALUE_NO_DELETE_UNLESS_NAME_RESERVED]
        B = 1;
        ^

      """,
      passing: "enum E { A = 0; reserved \"B\"; }\n"
    ),
    BreakingCase(
      .enumValueSameName,
      "enum E {\n  A = 0;\n  B = 1;\n}\n",
      "enum E {\n  A = 0;\n  C = 1;\n}\n",
      """
      a.proto:5:3: error: breaks JSON and source: the value 1 was B and is C; name it B \
      again [ENUM_VALUE_SAME_NAME]
        C = 1;
        ^

      """,
      passing: "enum E { option allow_alias = true; A = 0; C = 1; B = 1; }\n"
    ),
    BreakingCase(
      .enumValueSameNumber,
      "enum E {\n  A = 0;\n  B = 1;\n}\n",
      "enum E {\n  A = 0;\n  B = 2;\n}\n",
      """
      a.proto:5:7: error: breaks wire: the number of B was 1 and is 2; give it 1 again \
      [ENUM_VALUE_SAME_NUMBER]
        B = 2;
            ^

      """,
      passing: "enum E { A = 0; C = 2; B = 1; }\n"
    ),
  ]

  static let serviceCases = [
    BreakingCase(
      .serviceNoDelete,
      "message M {}\nservice S { rpc A(M) returns (M); }\n",
      "message M {}\nservice T { rpc A(M) returns (M); }\n",
      """
      old/a.proto:4:9: error: breaks wire, JSON and source: the service "a.S" is gone: \
      calls to it fail; keep it and mark it deprecated = true [SERVICE_NO_DELETE]
      service S { rpc A(M) returns (M); }
              ^

      """,
      passing: "message M {}\nservice S {}\n"
    ),
    BreakingCase(
      .rpcNoDelete,
      "message M {}\nservice S { rpc A(M) returns (M); }\n",
      "message M {}\nservice S { rpc B(M) returns (M); }\n",
      """
      old/a.proto:4:17: error: breaks wire, JSON and source: the method "A" of "a.S" is \
      gone: calls to it fail; keep it and mark it deprecated = true [RPC_NO_DELETE]
      service S { rpc A(M) returns (M); }
                      ^

      """,
      passing: "message M {}\nservice S { rpc B(M) returns (M); rpc A(M) returns (M); }\n"
    ),
    BreakingCase(
      .rpcSameRequestType,
      "message M {}\nmessage N {}\nservice S { rpc A(M) returns (M); }\n",
      "message M {}\nmessage N {}\nservice S { rpc A(N) returns (M); }\n",
      """
      a.proto:5:19: error: breaks source: the request of "A" was "a.M" and is "a.N"; add a \
      method and keep this one [RPC_SAME_REQUEST_TYPE]
      service S { rpc A(N) returns (M); }
                        ^

      """,
      passing: "message M {}\nmessage N {}\nservice S { rpc A(M) returns (N); }\n"
    ),
    BreakingCase(
      .rpcSameResponseType,
      "message M {}\nmessage N {}\nservice S { rpc A(M) returns (M); }\n",
      "message M {}\nmessage N {}\nservice S { rpc A(M) returns (stream N); }\n",
      """
      a.proto:5:38: error: breaks source: the response of "A" was "a.M" and is "a.N"; add a \
      method and keep this one [RPC_SAME_RESPONSE_TYPE]
      service S { rpc A(M) returns (stream N); }
                                           ^

      """,
      passing: "message M {}\nmessage N {}\nservice S { rpc A(N) returns (M); }\n"
    ),
    BreakingCase(
      .rpcWireCompatibleTypes,
      "message M { M a = 1; int32 b = 2; }\nservice S { rpc A(M) returns (M); }\n",
      "message N { N a = 1; sint32 b = 2; }\nservice S { rpc A(N) returns (N); }\n",
      """
      a.proto:4:19: error: breaks wire: the request of "A" was "a.M" and is "a.N", and the \
      messages have different fields; add a method and keep this one \
      [RPC_WIRE_COMPATIBLE_TYPES]
      service S { rpc A(N) returns (N); }
                        ^
      a.proto:4:31: error: breaks wire: the response of "A" was "a.M" and is "a.N", and the \
      messages have different fields; add a method and keep this one \
      [RPC_WIRE_COMPATIBLE_TYPES]
      service S { rpc A(N) returns (N); }
                                    ^

      """,
      passing: "message N { N a = 1; int64 c = 2; }\nservice S { rpc A(N) returns (N); }\n"
    ),
    BreakingCase(
      .rpcJSONCompatibleTypes,
      "message M { M a = 1; int32 b = 2; }\nservice S { rpc A(M) returns (M); }\n",
      "message N { N a = 1; int32 c = 2; }\nservice S { rpc A(N) returns (N); }\n",
      """
      a.proto:4:19: error: breaks JSON: the request of "A" was "a.M" and is "a.N", and the \
      messages have different fields; add a method and keep this one \
      [RPC_JSON_COMPATIBLE_TYPES]
      service S { rpc A(N) returns (N); }
                        ^
      a.proto:4:31: error: breaks JSON: the response of "A" was "a.M" and is "a.N", and the \
      messages have different fields; add a method and keep this one \
      [RPC_JSON_COMPATIBLE_TYPES]
      service S { rpc A(N) returns (N); }
                                    ^

      """,
      passing: "message N { N a = 1; sint64 b = 2; }\nservice S { rpc A(N) returns (N); }\n"
    ),
    BreakingCase(
      .rpcSameClientStreaming,
      "message M {}\nservice S { rpc A(M) returns (M); rpc B(stream M) returns (M); }\n",
      "message M {}\nservice S { rpc A(stream M) returns (M); rpc B(M) returns (M); }\n",
      """
      a.proto:4:26: error: breaks wire, JSON and source: "A" took one request and takes a \
      stream; add a method and keep this one [RPC_SAME_CLIENT_STREAMING]
      service S { rpc A(stream M) returns (M); rpc B(M) returns (M); }
                               ^
      a.proto:4:48: error: breaks wire, JSON and source: "B" took a stream and takes one \
      request; add a method and keep this one [RPC_SAME_CLIENT_STREAMING]
      service S { rpc A(stream M) returns (M); rpc B(M) returns (M); }
                                                     ^

      """,
      passing: "message M {}\n"
        + "service S { rpc A(M) returns (stream M); rpc B(stream M) returns (M); }\n"
    ),
    BreakingCase(
      .rpcSameServerStreaming,
      "message M {}\nservice S { rpc A(M) returns (M); rpc B(M) returns (stream M); }\n",
      "message M {}\nservice S { rpc A(M) returns (stream M); rpc B(M) returns (M); }\n",
      """
      a.proto:4:38: error: breaks wire, JSON and source: "A" returned one response and \
      returns a stream; add a method and keep this one [RPC_SAME_SERVER_STREAMING]
      service S { rpc A(M) returns (stream M); rpc B(M) returns (M); }
                                           ^
      a.proto:4:60: error: breaks wire, JSON and source: "B" returned a stream and returns \
      one response; add a method and keep this one [RPC_SAME_SERVER_STREAMING]
      service S { rpc A(M) returns (stream M); rpc B(M) returns (M); }
                                                                 ^

      """,
      passing: "message M {}\n"
        + "service S { rpc A(stream M) returns (M); rpc B(M) returns (stream M); }\n"
    ),
    BreakingCase(
      .rpcSameIdempotencyLevel,
      "message M {}\nservice S { rpc A(M) returns (M) { option idempotency_level = IDEMPOTENT; } }\n",
      "message M {}\nservice S { rpc A(M) returns (M); }\n",
      """
      a.proto:4:17: error: breaks wire and JSON: the idempotency_level of "A" was \
      IDEMPOTENT and is IDEMPOTENCY_UNKNOWN: clients repeat calls by it \
      [RPC_SAME_IDEMPOTENCY_LEVEL]
      service S { rpc A(M) returns (M); }
                      ^

      """,
      passing: """
        message M {}
        service S {
          rpc A(M) returns (M) { option idempotency_level = IDEMPOTENT; option deprecated = true; }
        }
        """
    ),
  ]
}
