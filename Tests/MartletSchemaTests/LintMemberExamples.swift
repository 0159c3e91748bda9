import MartletSchema

extension LintRuleTests {
  static let numberCases = [
    RuleCase(
      .fieldNoNumberGap,
      """
      message M {
        reserved 2, 6 to 7;
        int32 a = 1;
        int32 b = 4;
        int32 c = 10;
        int32 d = 20001;
      }

      """,
      """
      a/v1/test.proto:4:15: error: 5 is neither used nor reserved among the fields of "M": \
      a number that was in use once must not come back; add reserved 5; [FIELD_NO_NUMBER_GAP]
        reserved 2, 6 to 7;
                    ^^^^^^
      a/v1/test.proto:6:13: error: 3 is neither used nor reserved among the fields of "M": \
      a number that was in use once must not come back; add reserved 3; [FIELD_NO_NUMBER_GAP]
        int32 b = 4;
                  ^
      a/v1/test.proto:7:13: error: 8 to 9 are neither used nor reserved among the fields of \
      "M": a number that was in use once must not come back; add reserved 8 to 9; \
      [FIELD_NO_NUMBER_GAP]
        int32 c = 10;
                  ^^
      a/v1/test.proto:8:13: error: 11 to 18999 are neither used nor reserved among the \
      fields of "M": a number that was in use once must not come back; add reserved 11 to \
      18999; [FIELD_NO_NUMBER_GAP]
        int32 d = 20001;
                  ^^^^^
      a/v1/test.proto:8:13: error: 20000 is neither used nor reserved among the fields of \
      "M": a number that was in use once must not come back; add reserved 20000; \
      [FIELD_NO_NUMBER_GAP]
        int32 d = 20001;
                  ^^^^^

      """,
      passing: """
        message M {
          reserved 2 to 5, 8;
          int32 a = 1;
          int32 b = 7;
          int32 c = 6;
        }
        message N { reserved 1 to 18999; int32 z = 20000; }
        message Empty {}
        """
    ),
    RuleCase(
      .fieldNumberOrder,
      "message M {\n  int32 b = 2;\n  int32 a = 1;\n  int32 c = 3;\n}\n",
      """
      a/v1/test.proto:5:13: error: "a" has the number 1 and stands behind "b" with 2 \
      [FIELD_NUMBER_ORDER]
        int32 a = 1;
                  ^

      """,
      passing: "message M { int32 a = 1; int32 c = 3; oneof x { int32 d = 4; } }\n"
    ),
    RuleCase(
      .fieldNotRequired,
      files: ["a.proto": "syntax = \"proto2\";\nmessage M { required int32 a = 1; }\n"],
      """
      a.proto:2:13: error: "a" is required: it can never be left out again; make it \
      optional and check it where it is read [FIELD_NOT_REQUIRED]
      message M { required int32 a = 1; }
                  ^^^^^^^^

      """,
      passing: ["a.proto": "syntax = \"proto2\";\nmessage M { optional int32 a = 1; }\n"]
    ),
    RuleCase(
      .fieldNoGroup,
      files: ["a.proto": "syntax = \"proto2\";\nmessage M {\n  optional group G = 1 {}\n}\n"],
      """
      a.proto:3:18: error: "g" is a group, which proto3 does not have; use a message \
      [FIELD_NO_GROUP]
        optional group G = 1 {}
                       ^

      """,
      passing: ["a.proto": "syntax = \"proto2\";\nmessage M { optional M m = 1; }\n"]
    ),
    RuleCase(
      .enumFirstValueZero,
      files: ["a.proto": "syntax = \"proto2\";\nenum MyKind { A = 1; B = 0; }\n"],
      """
      a.proto:2:19: error: the first value of "MyKind" is 1: a field that is not set reads \
      as it, and proto3 wants 0; begin with MY_KIND_UNSPECIFIED = 0; [ENUM_FIRST_VALUE_ZERO]
      enum MyKind { A = 1; B = 0; }
                        ^

      """,
      passing: ["a.proto": "syntax = \"proto2\";\nenum MyKind { B = 0; A = 1; }\n"]
    ),
    RuleCase(
      .enumNoAllowAlias,
      "enum E {\n  option allow_alias = true;\n  A = 0;\n  B = 0;\n}\n",
      """
      a/v1/test.proto:4:3: error: "E" allows two names for one number; JSON writes only the \
      first; keep one name for each number [ENUM_NO_ALLOW_ALIAS]
        option allow_alias = true;
        ^^^^^^^^^^^^^^^^^^^^^^^^^

      """,
      passing: "enum E { A = 0; B = 1; }\n"
    ),
    RuleCase(
      .enumNoNumberGap,
      "enum E { A = 0; B = 2; C = -4; D = 5; }\n",
      """
      a/v1/test.proto:3:21: error: 1 is neither used nor reserved among the values of "E": \
      a number that was in use once must not come back; add reserved 1; [ENUM_NO_NUMBER_GAP]
      enum E { A = 0; B = 2; C = -4; D = 5; }
                          ^
      a/v1/test.proto:3:36: error: 3 to 4 are neither used nor reserved among the values of \
      "E": a number that was in use once must not come back; add reserved 3 to 4; \
      [ENUM_NO_NUMBER_GAP]
      enum E { A = 0; B = 2; C = -4; D = 5; }
                                         ^

      """,
      passing: "enum E { A = 0; B = 2; reserved 1; C = -4; reserved -3 to -1; }\n"
    ),
  ]

  static let serviceCases = [
    RuleCase(
      .rpcRequestResponseUnique,
      """
      message GetRequest {}
      message GetResponse {}
      service S {
        rpc Get(GetRequest) returns (GetResponse);
        rpc Put(GetRequest) returns (stream GetResponse);
      }

      """,
      """
      a/v1/test.proto:7:11: error: "a.v1.GetRequest" is the request of "S.Get" already: \
      neither method could change alone; give each a message of its own \
      [RPC_REQUEST_RESPONSE_UNIQUE]
        rpc Put(GetRequest) returns (stream GetResponse);
                ^^^^^^^^^^
      a/v1/test.proto:7:39: error: "a.v1.GetResponse" is the response of "S.Get" already: \
      neither method could change alone; give each a message of its own \
      [RPC_REQUEST_RESPONSE_UNIQUE]
        rpc Put(GetRequest) returns (stream GetResponse);
                                            ^^^^^^^^^^^

      """,
      passing: """
        message GetRequest {}
        message GetResponse {}
        service S { rpc Get(GetRequest) returns (GetResponse); }
        """
    ),
    RuleCase(
      .rpcRequestStandardName,
      "message M {}\nservice S {\n  rpc Get(M) returns (M);\n}\n",
      """
      a/v1/test.proto:5:11: error: the request of "Get" is "M", which is not named after \
      the method; name it "GetRequest" or "SGetRequest" [RPC_REQUEST_STANDARD_NAME]
        rpc Get(M) returns (M);
                ^

      """,
      passing: """
        message GetRequest {}
        message SPutRequest {}
        service S {
          rpc Get(GetRequest) returns (GetRequest);
          rpc Put(SPutRequest) returns (GetRequest);
        }
        """
    ),
    RuleCase(
      .rpcResponseStandardName,
      "message M {}\nservice S {\n  rpc Get(M) returns (stream M);\n}\n",
      """
      a/v1/test.proto:5:30: error: the response of "Get" is "M", which is not named after \
      the method; name it "GetResponse" or "SGetResponse" [RPC_RESPONSE_STANDARD_NAME]
        rpc Get(M) returns (stream M);
                                   ^

      """,
      passing: """
        message GetResponse {}
        message SPutResponse {}
        service S {
          rpc Get(GetResponse) returns (GetResponse);
          rpc Put(GetResponse) returns (SPutResponse);
        }
        """
    ),
    RuleCase(
      .rpcNoClientStreaming,
      "message M {}\nservice S {\n  rpc Get(stream M) returns (M);\n}\n",
      """
      a/v1/test.proto:5:18: error: "Get" takes a stream [RPC_NO_CLIENT_STREAMING]
        rpc Get(stream M) returns (M);
                       ^

      """,
      passing: "message M {}\nservice S { rpc Get(M) returns (stream M); }\n"
    ),
    RuleCase(
      .rpcNoServerStreaming,
      "message M {}\nservice S {\n  rpc Get(M) returns (stream M);\n}\n",
      """
      a/v1/test.proto:5:30: error: "Get" returns a stream [RPC_NO_SERVER_STREAMING]
        rpc Get(M) returns (stream M);
                                   ^

      """,
      passing: "message M {}\nservice S { rpc Get(stream M) returns (M); }\n"
    ),
  ]

  static let commentCases = [
    RuleCase(
      .commentMessage,
      "message M {\n  message Inner {}\n}\n",
      """
      a/v1/test.proto:3:9: error: the message "M" has no comment [COMMENT_MESSAGE]
      message M {
              ^
      a/v1/test.proto:4:11: error: the message "Inner" has no comment [COMMENT_MESSAGE]
        message Inner {}
                ^^^^^

      """,
      passing: "// An M.\nmessage M {\n  message Inner {  // Within it.\n  }\n}\n"
    ),
    RuleCase(
      .commentField,
      "message M {\n  // Detached.\n\n  int32 a = 1;\n  //\n  int32 b = 2;\n}\n",
      """
      a/v1/test.proto:6:9: error: the field "a" has no comment [COMMENT_FIELD]
        int32 a = 1;
              ^
      a/v1/test.proto:8:9: error: the field "b" has no comment [COMMENT_FIELD]
        int32 b = 2;
              ^

      """,
      passing: "message M {\n  int32 a = 1;  // A.\n  /* B. */\n  map<int32, int32> b = 2;\n}\n"
    ),
    RuleCase(
      .commentOneof,
      "message M {\n  oneof what {\n    int32 a = 1;\n  }\n}\n",
      """
      a/v1/test.proto:4:9: error: the oneof "what" has no comment [COMMENT_ONEOF]
        oneof what {
              ^^^^

      """,
      passing: "message M {\n  // X.\n  oneof what { int32 a = 1; }\n  optional int32 b = 2;\n}\n"
    ),
    RuleCase(
      .commentEnum,
      "enum E { A = 0; }\n",
      """
      a/v1/test.proto:3:6: error: the enum "E" has no comment [COMMENT_ENUM]
      enum E { A = 0; }
           ^

      """,
      passing: "// An E.\nenum E { A = 0; }\n"
    ),
    RuleCase(
      .commentEnumValue,
      "enum E {\n  A = 0;\n}\n",
      """
      a/v1/test.proto:4:3: error: the value "A" has no comment [COMMENT_ENUM_VALUE]
        A = 0;
        ^

      """,
      passing: "enum E {\n  // An A.\n  A = 0;\n}\n"
    ),
    RuleCase(
      .commentService,
      "// martletc:ignore SERVICE_SUFFIX\nservice S {}\n",
      """
      a/v1/test.proto:4:9: error: the service "S" has no comment [COMMENT_SERVICE]
      service S {}
              ^

      """,
      passing: "// Does it.\nservice S {}\n"
    ),
    RuleCase(
      .commentRPC,
      "message M {}\nservice S {\n  rpc Get(M) returns (M);\n}\n",
      """
      a/v1/test.proto:5:7: error: the method "Get" has no comment [COMMENT_RPC]
        rpc Get(M) returns (M);
            ^^^

      """,
      passing: "message M {}\nservice S {\n  // Gets.\n  rpc Get(M) returns (M);\n}\n"
    ),
    RuleCase(
      .commentSentence,
      "// what M is.\nmessage M {\n  // No end\n  int32 a = 1;\n}\n",
      """
      a/v1/test.proto:4:9: error: the comment on the message "M" does not begin with a \
      capital [COMMENT_SENTENCE]
      message M {
              ^
      a/v1/test.proto:6:9: error: the comment on the field "a" does not end with a full \
      stop [COMMENT_SENTENCE]
        int32 a = 1;
              ^

      """,
      passing: """
        // M, an M: "x"; see `N`
        // and others.
        message M {
          // user_id is the user's.
          int32 user_id = 1;
          /* The other:
           *  a `b` (c)
           */
          int32 b = 2;
          int32 c = 3;
        }

        """
    ),
    RuleCase(
      .deprecatedComment,
      "message M {\n  int32 a = 1 [deprecated = true];\n}\n",
      """
      a/v1/test.proto:4:9: error: the field "a" is deprecated and no comment says why; say \
      what to use instead [DEPRECATED_COMMENT]
        int32 a = 1 [deprecated = true];
              ^

      """,
      passing: "message M {\n  // Use b.\n  int32 a = 1 [deprecated = true];\n  int32 b = 2;\n}\n"
    ),
    RuleCase(
      .ignoreUsed,
      """
      // martletc:ignore MESSAGE_PASCAL_CASE, MESAGE_PASCAL_CASE
      message M {}
      // Text.
      // martletc:ignor ENUM_PASCAL_CASE
      enum E { A = 0; }

      """,
      """
      a/v1/test.proto:3:4: error: there is no rule MESAGE_PASCAL_CASE; did you mean \
      "MESSAGE_PASCAL_CASE"? [IGNORE_USED]
      // martletc:ignore MESSAGE_PASCAL_CASE, MESAGE_PASCAL_CASE
         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      a/v1/test.proto:6:4: error: there is no instruction "martletc:ignor"; did you mean \
      "ignore"? [IGNORE_USED]
      // martletc:ignor ENUM_PASCAL_CASE
         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

      """,
      passing: "message M {}\n"
    ),
  ]
}
