"""The object code that each compiler's output becomes: `codec/size/…` lines.

Counted are the `.text` sections of the modules' object files, built with -O, for every message of
the same schema. What the linker drops later is in; the runtime libraries are not.
"""

import re

import build

MODULES = {
    "martlet": "MartletMessages",
    "json": "MartletMessagesJSON",
    "swift-protobuf": "SwiftProtobufMessages",
}
SECTION = re.compile(r"^(\.text\S*)\s+(\d+)", re.MULTILINE)


def message_count():
    """Messages in the schema, nested ones too; maps' entries are none."""
    from google.protobuf.descriptor_pb2 import FileDescriptorSet

    def count(message):
        nested = [inner for inner in message.nested_type if not inner.options.map_entry]
        return 1 + sum(map(count, nested))

    files = FileDescriptorSet.FromString(build.descriptors()).file
    return sum(count(message) for file in files for message in file.message_type)


def text_bytes(module):
    """Bytes of code in a module's object files."""
    objects = sorted((build.bin_path(build.HERE) / f"{module}.build").rglob("*.o"))
    listing = build.run("size", "-A", *objects)
    return sum(int(size) for _, size in SECTION.findall(listing))


def report():
    count = message_count()
    text = {peer: text_bytes(module) for peer, module in MODULES.items()}
    ours, theirs = text["martlet"], text["swift-protobuf"]
    both = ours + text["json"]
    print(
        f"codec/size/text-per-message {ours // count} bytes"
        f" vs swift-protobuf {theirs // count} bytes ratio {theirs / ours:.2f}"
    )
    print(
        f"codec/size/text-per-message-with-json {both // count} bytes"
        f" vs swift-protobuf {theirs // count} bytes ratio {theirs / both:.2f}"
    )
    print(f"codec/size/text {ours} bytes vs swift-protobuf {theirs} bytes, {count} messages")
