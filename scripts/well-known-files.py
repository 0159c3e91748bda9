#!/usr/bin/env python3
"""Writes Sources/MartletSchema/WellKnownFiles.swift: google/protobuf/*.proto as the compiler
carries them, printed anew from the descriptors in Python's protobuf package, and those of features
from grpcio-tools' copies (no comments).

Usage: .venv/bin/python scripts/well-known-files.py > Sources/MartletSchema/WellKnownFiles.swift
"""

import pathlib
import tempfile

from google.protobuf import (
    any_pb2, api_pb2, descriptor_pb2, duration_pb2, empty_pb2, field_mask_pb2,
    source_context_pb2, struct_pb2, timestamp_pb2, type_pb2, wrappers_pb2, text_format,
)
from google.protobuf.compiler import plugin_pb2
from grpc_tools import protoc

MODULES = [
    any_pb2, api_pb2, descriptor_pb2, duration_pb2, empty_pb2, field_mask_pb2,
    source_context_pb2, struct_pb2, timestamp_pb2, type_pb2, wrappers_pb2, plugin_pb2,
]
# Extensions of FeatureSet, of which the Python package has none.
FEATURES = [f"google/protobuf/{language}_features.proto" for language in ("cpp", "go", "java")]
F = descriptor_pb2.FieldDescriptorProto
LABELS = {F.LABEL_OPTIONAL: "optional ", F.LABEL_REPEATED: "repeated ", F.LABEL_REQUIRED: "required "}
MAX = 536870911


def value(field, item):
    if field.type == field.TYPE_MESSAGE:
        text = text_format.MessageToString(item, as_one_line=True)
        return "{ " + text + " }"
    if field.type == field.TYPE_ENUM:
        return field.enum_type.values_by_number[item].name
    if field.type == field.TYPE_BOOL:
        return "true" if item else "false"
    if field.type == field.TYPE_STRING:
        return '"' + item + '"'
    return str(item)


def options(message):
    result = []
    for field, item in message.ListFields():
        for one in item if field.is_repeated else [item]:
            result.append(f"{field.name} = {value(field, one)}")
    return result


def bracketed(items):
    return f" [{', '.join(items)}]" if items else ""


def statements(out, message, indent):
    for item in options(message):
        out.append(f"{indent}option {item};")


def ranges(items, inclusive):
    texts = []
    for item in items:
        last = item.end if inclusive else item.end - 1
        if item.start == last:
            texts.append(str(item.start))
        else:
            top = 2147483647 if inclusive else MAX
            texts.append(f"{item.start} to {'max' if last == top else last}")
    return texts


def reserved(out, element, indent, inclusive):
    # A statement each: source order and grouping do not show in descriptors.
    for text in ranges(element.reserved_range, inclusive):
        out.append(f"{indent}reserved {text};")
    for name in element.reserved_name:
        out.append(f'{indent}reserved "{name}";')


def field_text(field, syntax, entries, in_oneof):
    items = []
    if field.HasField("default_value"):
        quoted = field.type in (F.TYPE_STRING, F.TYPE_BYTES)
        items.append("default = " + (f'"{field.default_value}"' if quoted else field.default_value))
    items += options(field.options)
    if field.type_name.split(".")[-1] in entries:
        entry = entries[field.type_name.split(".")[-1]]
        kind = f"map<{type_name(entry.field[0])}, {type_name(entry.field[1])}>"
        label = ""
    else:
        kind = type_name(field)
        label = LABELS[field.label]
        plain = syntax == "proto3" and field.label == F.LABEL_OPTIONAL and not field.proto3_optional
        if in_oneof or plain:
            label = ""
    return f"{label}{kind} {field.name} = {field.number}{bracketed(items)};"


def type_name(field):
    return field.type_name or F.Type.Name(field.type)[5:].lower()


def message_text(out, message, syntax, indent=""):
    out.append(f"{indent}message {message.name} {{")
    inner = indent + "  "
    statements(out, message.options, inner)
    entries = {m.name: m for m in message.nested_type if m.options.map_entry}
    for nested in message.nested_type:
        if nested.name not in entries:
            message_text(out, nested, syntax, inner)
    for enum in message.enum_type:
        enum_text(out, enum, inner)
    open_oneof = None
    for field in message.field:
        oneof = field.oneof_index if field.HasField("oneof_index") and not field.proto3_optional else None
        if oneof != open_oneof:
            if open_oneof is not None:
                out.append(f"{inner}}}")
            if oneof is not None:
                out.append(f"{inner}oneof {message.oneof_decl[oneof].name} {{")
            open_oneof = oneof
        extra = "  " if oneof is not None else ""
        out.append(inner + extra + field_text(field, syntax, entries, oneof is not None))
    if open_oneof is not None:
        out.append(f"{inner}}}")
    for item in message.extension_range:
        out.append(f"{inner}extensions {ranges([item], False)[0]}{bracketed(options(item.options))};")
    reserved(out, message, inner, False)
    out.append(f"{indent}}}")


def enum_text(out, enum, indent):
    out.append(f"{indent}enum {enum.name} {{")
    statements(out, enum.options, indent + "  ")
    for item in enum.value:
        out.append(f"{indent}  {item.name} = {item.number}{bracketed(options(item.options))};")
    reserved(out, enum, indent + "  ", True)
    out.append(f"{indent}}}")


def file_text(file):
    syntax = file.syntax or "proto2"
    out = [f'syntax = "{syntax}";', f"package {file.package};"]
    for path in file.dependency:
        out.append(f'import "{path}";')
    statements(out, file.options, "")
    for message in file.message_type:
        message_text(out, message, syntax)
    for enum in file.enum_type:
        enum_text(out, enum, "")
    for field in file.extension:
        text = field_text(field, syntax, {}, False)
        out.append(f"extend {field.extendee} {{ {text} }}")
    return "\n".join(out)


def files():
    for module in MODULES:
        file = descriptor_pb2.FileDescriptorProto()
        module.DESCRIPTOR.CopyToProto(file)
        yield file
    folder = pathlib.Path(protoc.__file__).parent / "_proto"
    with tempfile.NamedTemporaryFile() as out:
        code = protoc.main(
            ["protoc", f"-I{folder}", "--retain_options", f"--descriptor_set_out={out.name}", *FEATURES]
        )
        assert code == 0
        yield from descriptor_pb2.FileDescriptorSet.FromString(out.read()).file


def main():
    print("// swift-format-ignore-file")
    print("// Printed by scripts/well-known-files.py; do not edit.\n")
    print("/// protobuf's own schema files, so that importing them needs no include path.")
    print("enum WellKnownFiles {")
    print("  /// The text of a well-known file, nil for any other path.")
    print("  static func source(of path: String) -> String? { sources[path] }\n")
    print("  /// The well-known file that declares a message or enum, by its full name.")
    print("  static func file(declaring name: String) -> String? { owners[name] }\n")
    print("  private static let owners: [String: String] = [")
    for file in files():
        for item in [*file.message_type, *file.enum_type]:
            print(f'    "{file.package}.{item.name}": "{file.name}",')
    print("  ]\n")
    print("  private static let sources: [String: String] = [")
    for file in files():
        print(f'    "{file.name}": ##"""')
        print("\n".join("      " + line for line in file_text(file).split("\n")))
        print('      """##,')
    print("  ]\n}")


main()
