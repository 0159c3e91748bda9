"""Options of every form, by name; a name's first word says what stands before the body."""

from language_verdicts import DESCRIPTOR, HEADS

# An option of every type, `t` with one field of every type, and what they need.
TYPES = "double float int64 uint64 int32 fixed64 fixed32 bool string bytes uint32 sfixed32 sfixed64 sint32 sint64".split()
EVERYTHING = (
    'import "google/protobuf/any.proto"; enum E { E_ZERO = 0; E_ONE = 1; E_NEGATIVE = -5; } message T { '
    + " ".join(f"optional {kind} {kind}_ = {number};" for number, kind in enumerate(TYPES, 1))
    + " ".join(f"repeated {kind} {kind}s = {number};" for number, kind in enumerate(TYPES, 21))
    + """ optional E e = 41; repeated E es = 42; optional T t = 43; repeated T ts = 44;
    optional group G = 45 { optional int32 a = 1; optional T t = 2; } repeated group Gs = 46 { optional int32 a = 1; }
    map<string, int32> m = 47; map<int32, T> mt = 48; optional google.protobuf.Any any = 49; repeated google.protobuf.Any anys = 50;
    oneof o { int32 oa = 51; string ob = 52; T oc = 53; } repeated int32 packed = 54 [packed = true];
    extensions 100 to 199; reserved "gone"; }
    extend T { optional int32 x = 100; optional T xt = 101; repeated string xs = 102; optional group XG = 103 { optional int32 a = 1; } }
    message Set { option message_set_wire_format = true; extensions 4 to max; }
    message InSet { extend Set { optional InSet in_set = 5; } optional int32 a = 1; }
    extend google.protobuf.MessageOptions { optional T t = 60000; repeated T ts = 60001; optional google.protobuf.Any any = 60002; optional group OG = 60003 { optional int32 a = 1; optional T t = 2; } repeated group OGs = 60004 { optional int32 a = 1; } optional Set set = 60005; optional E e = 60006; repeated E es = 60007; """
    + " ".join(f"optional {kind} {kind}_ = {number};" for number, kind in enumerate(TYPES, 50001))
    + " ".join(f"repeated {kind} {kind}s = {number};" for number, kind in enumerate(TYPES, 50021))
    + "}\n"
)
HEADS["everything"] = HEADS["options"] + EVERYTHING


def option(*values):
    return "message M { " + " ".join(f"option {value};" for value in values) + " }"


NUMBERS = (
    "0 -0 1 -1 +1 0x10 -0x10 017 -017 127 2147483647 2147483648 -2147483648 -2147483649 4294967295 4294967296 "
    "9223372036854775807 9223372036854775808 -9223372036854775808 -9223372036854775809 18446744073709551615 "
    "18446744073709551616 99999999999999999999999999 1.0 1.5 .5 5. 1e3 1e400 -1e400 1e-400 inf -inf nan -nan "
    "Inf infinity -infinity NaN true false True False t f on E_ONE E_NEGATIVE -E_ONE 'a' \"1\" - -- {} [] [1] {a:1} 1.5f 1f 0x1F 08 1e 1.2.3"
).split()
OPTIONS = {}
for kind in ("int32", "float", "bool", "e"):
    for text in NUMBERS:
        OPTIONS[f"everything {kind} {text}"] = option(f"({kind + '_' if kind != 'e' else 'e'}) = {text}")
        OPTIONS[f"everything {kind} in braces {text}"] = option(f"(t) = {{ {kind + '_' if kind != 'e' else 'e'}: {text} }}")
OPTIONS |= {
    "everything nothing": option(),
    "everything aggregate": option("(t) = { int32_: 1 string_: 'a' t { int32_: 2 } ts { } ts: { int32_: 3 } G { a: 4 } }"),
    "everything aggregate commas": option("(t) = { int32_: 1, string_: 'a', t { int32_: 2 }, ts { }, }"),
    "everything aggregate semicolons": option("(t) = { int32_: 1; string_: 'a'; t { int32_: 2 }; }"),
    "everything aggregate two commas": option("(t) = { int32_: 1,, string_: 'a' }"),
    "everything aggregate first comma": option("(t) = { , int32_: 1 }"),
    "everything aggregate comma and semicolon": option("(t) = { int32_: 1,; string_: 'a' }"),
    "everything aggregate angles": option("(t) = { t < int32_: 1 t < > > ts: < > }"),
    "everything aggregate wrong end": option("(t) = { t < int32_: 1 } }"),
    "everything aggregate comments": option("(t) = { /* a */ int32_: /* b */ 1 // c\n string_: 'a' }"),
    "everything aggregate hash": option("(t) = { # a\n int32_: 1 }"),
    "everything aggregate strings": option(r"""(t) = { string_: "a" 'b' "\x41\101\n" bytes_: "\xff" "\0" }"""),
    "everything aggregate string no UTF-8": option(r"""(t) = { string_: "\xff" }"""),
    "everything string no UTF-8": option(r"""(string_) = "\xff" """),
    "everything bytes no UTF-8": option(r"""(bytes_) = "\xff" """),
    "everything aggregate lists": option("(t) = { int32s: [1, 2, -3] int32s: 4 int32s: [] strings: ['a' 'b', 'c'] es: [E_ONE, E_ZERO, -5] bools: [true, false] }"),
    "everything aggregate list no comma": option("(t) = { int32s: [1 2] }"),
    "everything aggregate list last comma": option("(t) = { int32s: [1, 2,] }"),
    "everything aggregate list of single": option("(t) = { int32_: [1] }"),
    "everything aggregate list of messages": option("(t) = { ts: [{ int32_: 1 }, { }, < >] }"),
    "everything aggregate list of messages no colon": option("(t) = { ts [{ int32_: 1 }, { }] }"),
    "everything aggregate list of scalars no colon": option("(t) = { int32s [1] }"),
    "everything aggregate list of lists": option("(t) = { int32s: [[1]] }"),
    "everything aggregate scalar no colon": option("(t) = { int32_ 1 }"),
    "everything aggregate message as scalar": option("(t) = { t: 1 }"),
    "everything aggregate group": option("(t) = { G { a: 1 t { int32_: 1 } } Gs { a: 1 } Gs { a: 2 } }"),
    "everything aggregate group small name": option("(t) = { g { a: 1 } }"),
    "everything aggregate group in list": option("(t) = { Gs: [{ a: 1 }, { }] }"),
    "everything aggregate map": option("(t) = { m { key: 'a' value: 1 } m: { key: 'b' } m { } mt { key: 1 value { int32_: 2 } } m: [{ key: 'c' }] }"),
    "everything aggregate map twice": option("(t) = { m { key: 'a' value: 1 } m { key: 'a' value: 2 } }"),
    "everything aggregate map wrong": option("(t) = { m { 'a': 1 } }"),
    "everything aggregate oneof": option("(t) = { oa: 1 }"),
    "everything aggregate oneof twice": option("(t) = { oa: 1 ob: 'x' }"),
    "everything aggregate oneof message": option("(t) = { oc { } oa: 1 }"),
    "everything oneof by parts": option("(t).oa = 1", "(t).ob = 'x'"),
    "everything aggregate packed": option("(t) = { packed: [1, 2] packed: 300 }"),
    "everything aggregate field twice": option("(t) = { int32_: 1 int32_: 1 }"),
    "everything aggregate message twice": option("(t) = { t { } t { } }"),
    "everything aggregate unknown": option("(t) = { nothing: 1 }"),
    "everything aggregate unknown message": option("(t) = { nothing { } }"),
    "everything aggregate reserved": option("(t) = { gone: 1 }"),
    "everything aggregate by number": option("(t) = { 5: 1 }"),
    "everything aggregate extension": option("(t) = { [p.x]: 5 [p.xt] { int32_: 1 } [p.xs]: 'a' [p.xs]: ['b', 'c'] }"),
    "everything aggregate extension unqualified": option("(t) = { [x]: 5 }"),
    "everything aggregate extension leading dot": option("(t) = { [.p.x]: 5 }"),
    "everything aggregate extension spaces": option("(t) = { [ p . x ] : 5 }"),
    "everything aggregate extension unknown": option("(t) = { [p.nothing]: 5 }"),
    "everything aggregate extension twice": option("(t) = { [p.x]: 5 [p.x]: 5 }"),
    "everything aggregate extension group": option("(t) = { [p.xg] { a: 1 } }"),
    "everything aggregate extension as field": option("(t) = { x: 1 }"),
    "everything aggregate extension comma": option("(t) = { [p.x]: 5, int32_: 1 }"),
    "everything message set": option("(set) = { [p.InSet.in_set] { a: 1 } }"),
    "everything message set by parts": option("(set).(p.InSet.in_set).a = 1"),
    "everything any": option("(any) = { [type.googleapis.com/p.T] { int32_: 1 string_: 'a' } }"),
    "everything any colon": option("(any) = { [type.googleapis.com/p.T]: { int32_: 1 } }"),
    "everything any empty": option("(any) = { [type.googleapis.com/p.T] { } }"),
    "everything any angles": option("(any) = { [type.googleapis.com/p.T] < int32_: 1 > }"),
    "everything any other host": option("(any) = { [type.googleprod.com/p.T] { int32_: 1 } }"),
    "everything any strange host": option("(any) = { [example.com/p.T] { int32_: 1 } }"),
    "everything any path": option("(any) = { [type.googleapis.com/a/p.T] { int32_: 1 } }"),
    "everything any dash host": option("(any) = { [my-host.example.com/p.T] { int32_: 1 } }"),
    "everything any unknown type": option("(any) = { [type.googleapis.com/p.Nothing] { } }"),
    "everything any relative type": option("(any) = { [type.googleapis.com/T] { } }"),
    "everything any enum": option("(any) = { [type.googleapis.com/p.E] { } }"),
    "everything any spaces": option("(any) = { [ type . googleapis . com / p . T ] { int32_: 1 } }"),
    "everything any nested": option("(any) = { [type.googleapis.com/google.protobuf.Any] { [type.googleapis.com/p.T] { int32_: 1 } } }"),
    "everything any in message": option("(t) = { any { [type.googleapis.com/p.T] { int32_: 1 } } anys { [type.googleapis.com/p.E] { } } }"),
    "everything any in list": option("(t) = { anys: [{ [type.googleapis.com/p.T] { int32_: 1 } }, { type_url: 'a' value: 'b' }] }"),
    "everything any by fields": option(r"(any) = { type_url: 'type.googleapis.com/p.T' value: '\x28\x01' }"),
    "everything any twice": option("(any) = { [type.googleapis.com/p.T] { } [type.googleapis.com/p.T] { } }"),
    "everything any and field": option("(any) = { [type.googleapis.com/p.T] { } type_url: 'a' }"),
    "everything field and any": option("(any) = { type_url: 'a' [type.googleapis.com/p.T] { } }"),
    "everything any in no any": option("(t) = { [type.googleapis.com/p.T] { } }"),
    "everything any sorts": option("(any) = { [type.googleapis.com/p.T] { string_: 'a' int32_: 1 packed: [3] double_: 0 } }"),
    "everything any with map": option("(any) = { [type.googleapis.com/p.T] { m { key: 'b' value: 1 } m { key: 'a' } } }"),
    "everything any by parts": option("(any).type_url = 'a'", "(any).value = 'b'"),
    "everything any scalar": option("(any) = { [type.googleapis.com/p.T]: 1 }"),
    "everything any semicolon": option("(any) = { [type.googleapis.com/p.T] { }; }"),
    "everything parts": option("(t).int32_ = 1", "(t).t.int32_ = 2", "(t).t.t.string_ = 'a'", "(t).(x) = 3", "(t).(p.xt).int32_ = 4", "(t).(.p.xt).string_ = 'b'"),
    "everything part twice": option("(t).int32_ = 1", "(t).int32_ = 2"),
    "everything part of part twice": option("(t).t.int32_ = 1", "(t).t = { }"),
    "everything whole then part": option("(t) = { string_: 'a' }", "(t).int32_ = 1"),
    "everything whole then same part": option("(t) = { int32_: 2 }", "(t).int32_ = 1"),
    "everything whole then deep part": option("(t) = { t { string_: 'a' } }", "(t).t.int32_ = 1"),
    "everything part then whole": option("(t).int32_ = 1", "(t) = { string_: 'a' }"),
    "everything whole twice": option("(t) = { }", "(t) = { }"),
    "everything repeated part": option("(t).int32s = 1", "(t).int32s = 2", "(t).packed = 3", "(t).packed = 4"),
    "everything repeated message": option("(ts) = { int32_: 1 }", "(ts) = { }", "(ts) = { int32_: 2 }"),
    "everything part of repeated": option("(ts).int32_ = 1"),
    "everything part of scalar": option("(int32_).a = 1"),
    "everything part of group": option("(og).a = 1", "(og).t.int32_ = 2"),
    "everything group": option("(og) = { a: 1 t { int32_: 5 } }"),
    "everything groups": option("(ogs) = { a: 1 }", "(ogs) = { }"),
    "everything map part": option("(t).m = { key: 'a' value: 1 }", "(t).m = { key: 'b' }"),
    "everything map part by parts": option("(t).m.key = 'a'"),
    "everything repeated scalars": option("(int32s) = 1", "(int32s) = -1", "(strings) = 'a'", "(strings) = 'b'", "(es) = E_ONE", "(es) = E_ZERO", "(bools) = true", "(sint64s) = -1", "(doubles) = 1", "(floats) = -inf"),
    "everything list as value": option("(int32s) = [1, 2]"),
    "everything message as scalar": option("(t) = 1"),
    "everything message as string": option("(t) = 'a'"),
    "everything message as word": option("(t) = a"),
    "everything unknown": option("(nothing) = 1"),
    "everything unknown part": option("(t).nothing = 1"),
    "everything unknown extension part": option("(t).(nothing) = 1"),
    "everything extension of other part": option("(t).(e) = E_ONE"),
    "everything qualified": option("(p.int32_) = 1", "(.p.int64_) = 1"),
    "everything qualified with spaces": option("( p . int32_ ) = 1"),
    "everything wrong scope": option("(.int32_) = 1"),
    "everything message name": option("(T) = { }"),
    "everything strings joined": option("(string_) = 'a' \"b\" 'c'"),
    "everything empty string": option("(string_) = ''"),
    "everything zeros": option("(int32_) = 0", "(bool_) = false", "(string_) = ''", "(bytes_) = ''", "(e) = E_ZERO", "(double_) = 0", "(t) = { int32_: 0 bool_: false string_: '' }"),
    "everything on all": """option (fo) = 1; message M { option (int32_) = 1; optional int32 a = 1 [(fi) = 1, (fi2) = 'x', deprecated = true]; oneof o { option (oo) = 1; int32 b = 2; } extensions 5 [(ro) = 1]; extensions 6, 7 [(ro) = 2]; }
      enum F { option (eo) = 1; A = 0 [(vo) = 1]; } service S { option (so) = 1; rpc R(M) returns (M) { option (mo) = 1; } }
      extend google.protobuf.FileOptions { optional int32 fo = 50000; } extend google.protobuf.FieldOptions { optional int32 fi = 50000; optional string fi2 = 50001; } extend google.protobuf.OneofOptions { optional int32 oo = 50000; }
      extend google.protobuf.ExtensionRangeOptions { optional int32 ro = 50000; } extend google.protobuf.EnumOptions { optional int32 eo = 50000; } extend google.protobuf.EnumValueOptions { optional int32 vo = 50000; } extend google.protobuf.ServiceOptions { optional int32 so = 50000; } extend google.protobuf.MethodOptions { optional int32 mo = 50000; }""",
    "everything required missing": "message R { required int32 a = 1; } extend google.protobuf.MessageOptions { optional R r = 50050; } message M { option (r) = { }; }",
    # Required parts that are missing from options given by parts kill protoc.
    "everything aggregate map message value": option("(t) = { mt { key: 1 } mt { value { int32_: 1 } } mt { } mt { value: { } } }"),
    "everything any map message value": option("(any) = { [type.googleapis.com/p.T] { mt { key: 1 } mt { } } }"),
    "everything aggregate enum by unknown number": option("(t) = { e: 7 }"),
    "everything aggregate enum by string": option("(t) = { e: 'E_ONE' }"),
    "everything reserved values": option("(t) = { gone: 1 gone: [1, { a: 2 }] gone { a: 3 b < c: 'd' 'e' > } gone: -inf, gone: { } int32_: 5 }"),
    "everything reserved without colon": option("(t) = { gone 1 }"),
    "everything reserved unclosed": option("(t) = { gone: [1 }"),
    "everything hash in a part": option("(t) = { t { # a\n int32_: 1 } }"),
    "everything hash in a string": option("(t) = { string_: '#' }"),
    "everything any required": "message R { required int32 a = 1; } message M { option (any) = { [type.googleapis.com/p.R] { } }; }",
    "everything any of a later message": "message M { option (any) = { [type.googleapis.com/p.Later] { a: 1 } }; } message Later { optional int32 a = 1; }",
    "everything any not imported": option("(any) = { [type.googleapis.com/google.protobuf.Struct] { } }"),
    "everything required given": "message R { required int32 a = 1; optional R r = 2; repeated R rs = 3; } extend google.protobuf.MessageOptions { optional R r = 50050; } message M { option (r) = { a: 1 r { a: 2 } }; }",
    "everything required missing deep": "message R { required int32 a = 1; optional R r = 2; repeated R rs = 3; } extend google.protobuf.MessageOptions { optional R r = 50050; } message M { option (r) = { a: 1 rs: [{ a: 2 }, { }] }; }",
    "everything depth 30": option("(t) = " + "{ t " * 30 + "{ }" + " }" * 30),
    "everything depth 31": option("(t) = " + "{ t " * 31 + "{ }" + " }" * 31),
    "everything depth 90": option("(t) = " + "{ t " * 90 + "{ }" + " }" * 90),
    "options retention": "message T { optional int32 a = 1 [retention = RETENTION_SOURCE]; optional int32 b = 2; optional T t = 3 [retention = RETENTION_SOURCE]; optional T u = 4; repeated T v = 5; } extend google.protobuf.MessageOptions { optional int32 s = 50000 [retention = RETENTION_SOURCE]; optional int32 r = 50001 [retention = RETENTION_RUNTIME]; optional T t = 50002; optional T st = 50003 [retention = RETENTION_SOURCE]; repeated T ts = 50004; } message M { option (s) = 1; option (r) = 2; option (t) = { a: 1 b: 2 t { b: 1 } u { a: 1 b: 2 } }; option (st) = { b: 1 }; option (ts) = { a: 1 v { a: 2 } v { b: 3 } }; option (ts) = { a: 1 b: 1 }; } message N { option (t).a = 1; } message O { option (t).b = 1; option (t).a = 2; option (t).u.a = 3; }",
    "options retention on value and method": "extend google.protobuf.EnumValueOptions { optional int32 s = 50000 [retention = RETENTION_SOURCE]; } extend google.protobuf.FieldOptions { optional int32 f = 50000 [retention = RETENTION_SOURCE]; } enum E { A = 0 [(s) = 1]; B = 1 [deprecated = true, (s) = 2]; } message M { optional E e = 1 [(f) = 1, default = B]; repeated int32 p = 2 [(f) = 1, packed = true, (f2) = 3]; extensions 5 to 9 [verification = UNVERIFIED]; } extend google.protobuf.FieldOptions { optional int32 f2 = 50001; }",
    "options targets": "extend google.protobuf.FieldOptions { optional int32 a = 50000 [targets = TARGET_TYPE_FIELD]; optional int32 b = 50001 [targets = TARGET_TYPE_MESSAGE, targets = TARGET_TYPE_FIELD]; } message M { optional int32 f = 1 [(a) = 1, (b) = 2]; }",
    "options targets wrong": "extend google.protobuf.FieldOptions { optional int32 a = 50000 [targets = TARGET_TYPE_MESSAGE]; } message M { optional int32 f = 1 [(a) = 1]; }",
    "options targets of a part": "message T { optional int32 a = 1 [targets = TARGET_TYPE_MESSAGE]; } extend google.protobuf.FieldOptions { optional T t = 50000; } message M { optional int32 f = 1 [(t).a = 1]; }",
    "options targets in braces": "message T { optional int32 a = 1 [targets = TARGET_TYPE_MESSAGE]; } extend google.protobuf.FieldOptions { optional T t = 50000; } message M { optional int32 f = 1 [(t) = { a: 1 }]; }",
    "options targets in a list": "message T { optional int32 a = 1 [targets = TARGET_TYPE_MESSAGE]; repeated T ts = 2; } extend google.protobuf.FieldOptions { optional T t = 50000; } message M { optional int32 f = 1 [(t) = { ts: [{ }, { a: 1 }] }]; }",
    "options name like a field": "extend google.protobuf.FieldOptions { optional int32 deprecated = 50000; } message M { optional int32 f = 1 [(deprecated) = 1, deprecated = true]; }",
    "options shadowed": "extend google.protobuf.FieldOptions { optional int32 x = 50000; } message M { message x { } optional int32 f = 1 [(x) = 1]; }",
    "options shadowed by scope": "extend google.protobuf.FieldOptions { optional int32 x = 50000; } message M { message p { } optional int32 f = 1 [(p.x) = 1]; }",
    "options declared in a message": "message A { extend google.protobuf.FieldOptions { optional int32 x = 50000; } optional int32 f = 1 [(x) = 1, (A.y) = 2]; extend google.protobuf.FieldOptions { optional int32 y = 50001; } } message B { optional int32 f = 1 [(A.x) = 1]; }",
    "options declared in a message, not seen": "message A { extend google.protobuf.FieldOptions { optional int32 x = 50000; } } message B { optional int32 f = 1 [(x) = 1]; }",
    "options on a file by later extension": "option (x) = 1; extend google.protobuf.FileOptions { optional int32 x = 50000; }",
    "options feature_support": 'extend google.protobuf.FileOptions { optional int32 x = 50000 [feature_support = { edition_introduced: EDITION_2023 }]; } option (x) = 1;',
    "options feature_support removed": 'extend google.protobuf.FileOptions { optional int32 x = 50000 [feature_support = { edition_introduced: EDITION_PROTO2 edition_removed: EDITION_PROTO2 }]; } option (x) = 1;',
    "options closed enum by number": 'enum E { A = 0; } message T { optional E e = 1; } extend google.protobuf.FileOptions { optional T x = 50000; } option (x) = { e: 5 };',
    "options open enum by number": 'import "google/protobuf/any.proto"; import "google/protobuf/type.proto"; message T { optional google.protobuf.Syntax e = 1; } extend google.protobuf.FileOptions { optional T x = 50000; } option (x) = { e: 5 };',
    "proto3 implicit zeros": f'{DESCRIPTOR} message T {{ int32 a = 1; optional int32 b = 2; string c = 3; bytes d = 4; T t = 5; repeated int32 e = 6; double f = 7; bool g = 8; oneof o {{ int32 h = 9; }} map<int32, int32> m = 10; }} extend google.protobuf.FileOptions {{ T x = 50000; int32 y = 50001; }} option (x) = {{ a: 0 b: 0 c: "" d: "" t {{ }} e: 0 f: -0.0 g: false h: 0 m {{ }} }}; option (y) = 0;',
    "proto3 implicit zeros by parts": f'{DESCRIPTOR} message T {{ int32 a = 1; T t = 2; }} extend google.protobuf.FileOptions {{ T x = 50000; }} option (x).a = 0; option (x).t.a = 0;',
    "2023 delimited option": f'{DESCRIPTOR} option features.message_encoding = DELIMITED; message T {{ int32 a = 1; T t = 2; repeated T ts = 3; map<int32, T> m = 4; T u = 5 [features.message_encoding = LENGTH_PREFIXED]; }} extend google.protobuf.FileOptions {{ T x = 50000; repeated T y = 50001; }} option (x) = {{ a: 1 t {{ a: 2 }} ts: [{{ }}, {{ a: 3 }}] m {{ key: 1 value {{ a: 1 }} }} u {{ }} }}; option (y) = {{ a: 1 }};',
    "2023 delimited option by parts": f'{DESCRIPTOR} message T {{ int32 a = 1; T t = 2 [features.message_encoding = DELIMITED]; }} extend google.protobuf.FileOptions {{ T x = 50000 [features.message_encoding = DELIMITED]; }} option (x).a = 1; option (x).t.a = 2;',
    "2023 implicit option": f'{DESCRIPTOR} option features.field_presence = IMPLICIT; message T {{ int32 a = 1; int32 b = 2 [features.field_presence = EXPLICIT]; }} extend google.protobuf.FileOptions {{ T x = 50000; }} option (x) = {{ a: 0 b: 0 }};',
    "2023 expanded option": f'{DESCRIPTOR} message T {{ repeated int32 a = 1 [features.repeated_field_encoding = EXPANDED]; repeated int32 b = 2; }} extend google.protobuf.FileOptions {{ T x = 50000; repeated int32 y = 50001; }} option (x) = {{ a: [1, 2] b: [1, 2] }}; option (y) = 1; option (y) = 2;',
}

CASES = OPTIONS
