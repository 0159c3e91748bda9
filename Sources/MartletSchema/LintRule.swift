/// The rules of `martletc check`.
///
/// Where buf has the same rule, it has the same name, since users know it.
package enum LintRule: String, CheckRule {
  case syntaxSpecified = "SYNTAX_SPECIFIED"
  case fileLowerSnakeCase = "FILE_LOWER_SNAKE_CASE"
  case packageDefined = "PACKAGE_DEFINED"
  case packageLowerSnakeCase = "PACKAGE_LOWER_SNAKE_CASE"
  case packageVersionSuffix = "PACKAGE_VERSION_SUFFIX"
  case packageDirectoryMatch = "PACKAGE_DIRECTORY_MATCH"
  case packageSameDirectory = "PACKAGE_SAME_DIRECTORY"
  case directorySamePackage = "DIRECTORY_SAME_PACKAGE"
  case packageNoImportCycle = "PACKAGE_NO_IMPORT_CYCLE"

  case importUsed = "IMPORT_USED"
  case importNoPublic = "IMPORT_NO_PUBLIC"
  case importNoWeak = "IMPORT_NO_WEAK"
  case importSorted = "IMPORT_SORTED"

  case messagePascalCase = "MESSAGE_PASCAL_CASE"
  case fieldLowerSnakeCase = "FIELD_LOWER_SNAKE_CASE"
  case oneofLowerSnakeCase = "ONEOF_LOWER_SNAKE_CASE"
  case enumPascalCase = "ENUM_PASCAL_CASE"
  case enumValueUpperSnakeCase = "ENUM_VALUE_UPPER_SNAKE_CASE"
  case enumValuePrefix = "ENUM_VALUE_PREFIX"
  case enumZeroValueSuffix = "ENUM_ZERO_VALUE_SUFFIX"
  case servicePascalCase = "SERVICE_PASCAL_CASE"
  case serviceSuffix = "SERVICE_SUFFIX"
  case rpcPascalCase = "RPC_PASCAL_CASE"

  case fieldNoNumberGap = "FIELD_NO_NUMBER_GAP"
  case fieldNumberOrder = "FIELD_NUMBER_ORDER"
  case fieldNotRequired = "FIELD_NOT_REQUIRED"
  case fieldNoGroup = "FIELD_NO_GROUP"
  case enumFirstValueZero = "ENUM_FIRST_VALUE_ZERO"
  case enumNoAllowAlias = "ENUM_NO_ALLOW_ALIAS"
  case enumNoNumberGap = "ENUM_NO_NUMBER_GAP"

  case rpcRequestResponseUnique = "RPC_REQUEST_RESPONSE_UNIQUE"
  case rpcRequestStandardName = "RPC_REQUEST_STANDARD_NAME"
  case rpcResponseStandardName = "RPC_RESPONSE_STANDARD_NAME"

  case rpcNoClientStreaming = "RPC_NO_CLIENT_STREAMING"
  case rpcNoServerStreaming = "RPC_NO_SERVER_STREAMING"

  case commentMessage = "COMMENT_MESSAGE"
  case commentField = "COMMENT_FIELD"
  case commentOneof = "COMMENT_ONEOF"
  case commentEnum = "COMMENT_ENUM"
  case commentEnumValue = "COMMENT_ENUM_VALUE"
  case commentService = "COMMENT_SERVICE"
  case commentRPC = "COMMENT_RPC"
  case commentSentence = "COMMENT_SENTENCE"
  case deprecatedComment = "DEPRECATED_COMMENT"

  case swiftNameUnique = "SWIFT_NAME_UNIQUE"
  case swiftNameFree = "SWIFT_NAME_FREE"
  case packageSameSwiftPrefix = "PACKAGE_SAME_SWIFT_PREFIX"

  case ignoreUsed = "IGNORE_USED"

  /// Groups of rules, by what they look at.
  package enum Category: String, CaseIterable, Sendable {
    case files = "FILES"
    case imports = "IMPORTS"
    case names = "NAMES"
    case numbers = "NUMBERS"
    case rpc = "RPC"
    case unary = "UNARY"
    case comments = "COMMENTS"
    case swift = "SWIFT"
    case ignores = "IGNORES"
  }

  package var category: Category {
    switch self {
    case .syntaxSpecified, .fileLowerSnakeCase, .packageDefined, .packageLowerSnakeCase,
      .packageVersionSuffix, .packageDirectoryMatch, .packageSameDirectory, .directorySamePackage,
      .packageNoImportCycle:
      .files
    case .importUsed, .importNoPublic, .importNoWeak, .importSorted: .imports
    case .messagePascalCase, .fieldLowerSnakeCase, .oneofLowerSnakeCase, .enumPascalCase,
      .enumValueUpperSnakeCase, .enumValuePrefix, .enumZeroValueSuffix, .servicePascalCase,
      .serviceSuffix, .rpcPascalCase:
      .names
    case .fieldNoNumberGap, .fieldNumberOrder, .fieldNotRequired, .fieldNoGroup,
      .enumFirstValueZero, .enumNoAllowAlias, .enumNoNumberGap:
      .numbers
    case .rpcRequestResponseUnique, .rpcRequestStandardName, .rpcResponseStandardName: .rpc
    case .rpcNoClientStreaming, .rpcNoServerStreaming: .unary
    case .commentMessage, .commentField, .commentOneof, .commentEnum, .commentEnumValue,
      .commentService, .commentRPC, .commentSentence, .deprecatedComment:
      .comments
    case .swiftNameUnique, .swiftNameFree, .packageSameSwiftPrefix: .swift
    case .ignoreUsed: .ignores
    }
  }

  package var categories: [String] { [category.rawValue] }

  package var isDefault: Bool {
    switch self {
    case .deprecatedComment: true
    // They follow from PACKAGE_DIRECTORY_MATCH, and are for schemas that are laid out otherwise.
    case .packageSameDirectory, .directorySamePackage: false
    case .importSorted, .fieldNumberOrder, .enumNoNumberGap, .swiftNameFree: false
    default: category != .comments && category != .unary
    }
  }

  package var summary: String {
    switch self {
    case .syntaxSpecified: "a file says its syntax or edition"
    case .fileLowerSnakeCase: "files are named in lower_snake_case"
    case .packageDefined: "a file has a package"
    case .packageLowerSnakeCase: "the parts of a package's name are lower_snake_case"
    case .packageVersionSuffix: "a package's name ends with a version: v1, v2beta1"
    case .packageDirectoryMatch: "the file of package a.b.v1 is in the directory a/b/v1"
    case .packageSameDirectory: "the files of one package are in one directory"
    case .directorySamePackage: "the files of one directory are of one package"
    case .packageNoImportCycle: "packages do not import each other in a circle"
    case .importUsed: "something of each imported file is used"
    case .importNoPublic: "no import is public"
    case .importNoWeak: "no import is weak"
    case .importSorted: "imports stand in alphabetical order"
    case .messagePascalCase: "messages are named in UpperCamelCase"
    case .fieldLowerSnakeCase: "fields and extensions are named in lower_snake_case"
    case .oneofLowerSnakeCase: "oneofs are named in lower_snake_case"
    case .enumPascalCase: "enums are named in UpperCamelCase"
    case .enumValueUpperSnakeCase: "values of enums are named in UPPER_SNAKE_CASE"
    case .enumValuePrefix: "the name of a value begins with its enum's"
    case .enumZeroValueSuffix: "the name of an enum's zero ends with _UNSPECIFIED"
    case .servicePascalCase: "services are named in UpperCamelCase"
    case .serviceSuffix: "the name of a service ends with Service"
    case .rpcPascalCase: "methods are named in UpperCamelCase"
    case .fieldNoNumberGap: "numbers below a message's largest are used or reserved"
    case .fieldNumberOrder: "fields stand in the order of their numbers"
    case .fieldNotRequired: "no field is required"
    case .fieldNoGroup: "no field is a group"
    case .enumFirstValueZero: "the first value of an enum is its zero"
    case .enumNoAllowAlias: "no two values of an enum share a number"
    case .enumNoNumberGap: "numbers below an enum's largest are used or reserved"
    case .rpcRequestResponseUnique: "each method has a request and a response of its own"
    case .rpcRequestStandardName: "the request of a method Get is GetRequest"
    case .rpcResponseStandardName: "the response of a method Get is GetResponse"
    case .rpcNoClientStreaming: "no method takes a stream"
    case .rpcNoServerStreaming: "no method returns a stream"
    case .commentMessage: "messages have a comment"
    case .commentField: "fields have a comment"
    case .commentOneof: "oneofs have a comment"
    case .commentEnum: "enums have a comment"
    case .commentEnumValue: "values of enums have a comment"
    case .commentService: "services have a comment"
    case .commentRPC: "methods have a comment"
    case .commentSentence: "comments begin with a capital and end with a full stop"
    case .deprecatedComment: "what is deprecated has a comment"
    case .swiftNameUnique: "no two declarations get the same name in Swift"
    case .swiftNameFree: "no name needs an underscore in Swift because it is taken there"
    case .packageSameSwiftPrefix: "the files of a package have the same swift_prefix"
    case .ignoreUsed: "a comment that ignores a rule names one that is broken there"
    }
  }
}
