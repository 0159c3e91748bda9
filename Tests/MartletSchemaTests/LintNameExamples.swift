import MartletSchema

extension LintRuleTests {
  static let nameCases = [
    RuleCase(
      .messagePascalCase,
      "message heart_rate { message innerOne {} }\n",
      """
      a/v1/test.proto:3:9: error: the name of the message "heart_rate" is not in \
      UpperCamelCase; name it "HeartRate" [MESSAGE_PASCAL_CASE]
      message heart_rate { message innerOne {} }
              ^^^^^^^^^^
      a/v1/test.proto:3:30: error: the name of the message "innerOne" is not in \
      UpperCamelCase; name it "InnerOne" [MESSAGE_PASCAL_CASE]
      message heart_rate { message innerOne {} }
                                   ^^^^^^^^

      """,
      passing: "message HeartRate { message Inner2HTTP {} map<string, string> a_map = 1; }\n"
    ),
    RuleCase(
      .fieldLowerSnakeCase,
      "message M {\n  int32 heartRate = 1;\n  int32 Heart = 2;\n  int32 heart__beat = 3;\n}\n",
      """
      a/v1/test.proto:4:9: error: the name of the field "heartRate" is not in \
      lower_snake_case; name it "heart_rate" [FIELD_LOWER_SNAKE_CASE]
        int32 heartRate = 1;
              ^^^^^^^^^
      a/v1/test.proto:5:9: error: the name of the field "Heart" is not in lower_snake_case; \
      name it "heart" [FIELD_LOWER_SNAKE_CASE]
        int32 Heart = 2;
              ^^^^^
      a/v1/test.proto:6:9: error: the name of the field "heart__beat" is not in \
      lower_snake_case; name it "heart_beat" [FIELD_LOWER_SNAKE_CASE]
        int32 heart__beat = 3;
              ^^^^^^^^^^^

      """,
      passing: "message M { int32 heart_rate = 1; int32 v2 = 2; int32 rate_2 = 3; }\n"
    ),
    RuleCase(
      .oneofLowerSnakeCase,
      "message M { oneof myChoice { int32 a = 1; } }\n",
      """
      a/v1/test.proto:3:19: error: the name of the oneof "myChoice" is not in \
      lower_snake_case; name it "my_choice" [ONEOF_LOWER_SNAKE_CASE]
      message M { oneof myChoice { int32 a = 1; } }
                        ^^^^^^^^

      """,
      passing: "message M { oneof my_choice { int32 a = 1; } optional int32 Foo = 2; }\n"
    ),
    RuleCase(
      .enumPascalCase,
      "enum SPORT_KIND { A = 0; }\n",
      """
      a/v1/test.proto:3:6: error: the name of the enum "SPORT_KIND" is not in \
      UpperCamelCase; name it "SportKind" [ENUM_PASCAL_CASE]
      enum SPORT_KIND { A = 0; }
           ^^^^^^^^^^

      """,
      passing: "enum SportKind { A = 0; }\n"
    ),
    RuleCase(
      .enumValueUpperSnakeCase,
      "enum E {\n  sportRun = 0;\n  Sport_Walk = 1;\n}\n",
      """
      a/v1/test.proto:4:3: error: the name of the value "sportRun" is not in \
      UPPER_SNAKE_CASE; name it "SPORT_RUN" [ENUM_VALUE_UPPER_SNAKE_CASE]
        sportRun = 0;
        ^^^^^^^^
      a/v1/test.proto:5:3: error: the name of the value "Sport_Walk" is not in \
      UPPER_SNAKE_CASE; name it "SPORT_WALK" [ENUM_VALUE_UPPER_SNAKE_CASE]
        Sport_Walk = 1;
        ^^^^^^^^^^

      """,
      passing: "enum E { SPORT_RUN = 0; V2 = 1; }\n"
    ),
    RuleCase(
      .enumValuePrefix,
      "message M { enum SportKind { RUN = 0; walk = 1; SPORT_KINDLY = 2; } }\n",
      """
      a/v1/test.proto:3:30: error: the name of the value "RUN" does not begin with its \
      enum's, "SPORT_KIND_"; name it "SPORT_KIND_RUN" [ENUM_VALUE_PREFIX]
      message M { enum SportKind { RUN = 0; walk = 1; SPORT_KINDLY = 2; } }
                                   ^^^
      a/v1/test.proto:3:39: error: the name of the value "walk" does not begin with its \
      enum's, "SPORT_KIND_"; name it "SPORT_KIND_WALK" [ENUM_VALUE_PREFIX]
      message M { enum SportKind { RUN = 0; walk = 1; SPORT_KINDLY = 2; } }
                                            ^^^^
      a/v1/test.proto:3:49: error: the name of the value "SPORT_KINDLY" does not begin with \
      its enum's, "SPORT_KIND_"; name it "SPORT_KIND_SPORT_KINDLY" [ENUM_VALUE_PREFIX]
      message M { enum SportKind { RUN = 0; walk = 1; SPORT_KINDLY = 2; } }
                                                      ^^^^^^^^^^^^

      """,
      passing: "enum SportKind { SPORT_KIND_RUN = 0; }\nenum HTTPCode { HTTP_CODE_OK = 0; }\n"
    ),
    RuleCase(
      .enumZeroValueSuffix,
      "enum SportKind { SPORT_KIND_RUN = 0; SPORT_KIND_WALK = 1; }\n",
      """
      a/v1/test.proto:3:18: error: the name of the zero "SPORT_KIND_RUN" does not end with \
      "_UNSPECIFIED": a reader cannot tell it from a value that was never set; name it \
      "SPORT_KIND_UNSPECIFIED" [ENUM_ZERO_VALUE_SUFFIX]
      enum SportKind { SPORT_KIND_RUN = 0; SPORT_KIND_WALK = 1; }
                       ^^^^^^^^^^^^^^

      """,
      passing: "enum SportKind { SPORT_KIND_UNSPECIFIED = 0; SPORT_KIND_WALK = 1; }\n"
    ),
    RuleCase(
      .servicePascalCase,
      "service live_service {}\n",
      """
      a/v1/test.proto:3:9: error: the name of the service "live_service" is not in \
      UpperCamelCase; name it "LiveService" [SERVICE_PASCAL_CASE]
      service live_service {}
              ^^^^^^^^^^^^

      """,
      passing: "service LiveService {}\n"
    ),
    RuleCase(
      .serviceSuffix,
      "service Live {}\n",
      """
      a/v1/test.proto:3:9: error: the name of the service "Live" does not end with \
      "Service"; name it "LiveService" [SERVICE_SUFFIX]
      service Live {}
              ^^^^

      """,
      passing: "service LiveService {}\n"
    ),
    RuleCase(
      .rpcPascalCase,
      "message M {}\nservice S {\n  rpc get_it(M) returns (M);\n}\n",
      """
      a/v1/test.proto:5:7: error: the name of the method "get_it" is not in UpperCamelCase; \
      name it "GetIt" [RPC_PASCAL_CASE]
        rpc get_it(M) returns (M);
            ^^^^^^

      """,
      passing: "message M {}\nservice S { rpc GetIt(M) returns (M); }\n"
    ),
  ]

  static let swiftCases = [
    RuleCase(
      .swiftNameUnique,
      """
      message Run {
        int32 url_path = 1;
        int32 URLPath = 2;
        oneof urlPath { int32 url_a = 3; int32 URL_a = 4; }
      }
      enum RunServiceClient { ONE_TWO = 0; OneTwo = 1; }
      service RunService {}

      """,
      """
      a/v1/test.proto:4:9: error: "url_path" and "urlPath" are both `urlPath` in Swift; one \
      of them gets its number behind it [SWIFT_NAME_UNIQUE]
        int32 url_path = 1;
              ^^^^^^^^
      a/v1/test.proto:5:9: error: "URLPath" and "urlPath" are both `urlPath` in Swift; one \
      of them gets its number behind it [SWIFT_NAME_UNIQUE]
        int32 URLPath = 2;
              ^^^^^^^
      a/v1/test.proto:6:42: error: "URL_a" and "url_a" are both `urlA` in Swift; one of \
      them gets its number behind it [SWIFT_NAME_UNIQUE]
        oneof urlPath { int32 url_a = 3; int32 URL_a = 4; }
                                               ^^^^^
      a/v1/test.proto:8:38: error: "OneTwo" and "ONE_TWO" are both `oneTwo` in Swift; one \
      of them gets its number behind it [SWIFT_NAME_UNIQUE]
      enum RunServiceClient { ONE_TWO = 0; OneTwo = 1; }
                                           ^^^^^^
      a/v1/test.proto:9:9: error: "RunService" and "RunServiceClient" both declare the type \
      `RunServiceClient` in Swift [SWIFT_NAME_UNIQUE]
      service RunService {}
              ^^^^^^^^^^

      """,
      passing: """
        message Run { int32 a = 1; oneof what { int32 b = 2; } }
        enum Kind { KIND_A = 0; KIND_B = 1; }
        service RunService {}
        """
    ),
    RuleCase(
      .swiftNameFree,
      "message String { int32 self = 1; int32 default = 2; }\nenum Error { init = 0; }\n",
      """
      a/v1/test.proto:3:9: error: "String" is `String_` in Swift, where `String` is taken \
      [SWIFT_NAME_FREE]
      message String { int32 self = 1; int32 default = 2; }
              ^^^^^^
      a/v1/test.proto:3:24: error: "self" is `self_` in Swift, where `self` is taken \
      [SWIFT_NAME_FREE]
      message String { int32 self = 1; int32 default = 2; }
                             ^^^^
      a/v1/test.proto:4:6: error: "Error" is `Error_` in Swift, where `Error` is taken \
      [SWIFT_NAME_FREE]
      enum Error { init = 0; }
           ^^^^^
      a/v1/test.proto:4:14: error: "init" is `init_` in Swift, where `init` is taken \
      [SWIFT_NAME_FREE]
      enum Error { init = 0; }
                   ^^^^

      """,
      passing: "message M { int32 default = 1; int32 a_ = 2; }\nenum E { E_IF = 0; }\n"
    ),
    RuleCase(
      .packageSameSwiftPrefix,
      files: [
        "a.proto": "syntax = \"proto3\";\npackage a;\noption swift_prefix = \"X\";\n",
        "b.proto": "syntax = \"proto3\";\npackage a;\noption swift_prefix = \"Y\";\n",
        "c.proto": "syntax = \"proto3\";\npackage a;\n",
      ],
      """
      b.proto:3:1: error: the swift_prefix is "Y" here and "X" in "a.proto" of the same \
      package [PACKAGE_SAME_SWIFT_PREFIX]
      option swift_prefix = "Y";
      ^^^^^^^^^^^^^^^^^^^^^^^^^
      c.proto:2:9: error: the swift_prefix is "" here and "X" in "a.proto" of the same \
      package [PACKAGE_SAME_SWIFT_PREFIX]
      package a;
              ^

      """,
      passing: [
        "a.proto": "syntax = \"proto3\";\npackage a;\noption swift_prefix = \"X\";\n",
        "b.proto": "syntax = \"proto3\";\npackage a;\noption swift_prefix = \"X\";\n",
        "c.proto": "syntax = \"proto3\";\npackage b;\n",
      ]
    ),
  ]
}
