"""Makes proto3 schemas from a seed: every kind of field and as many odd names as the language allows."""

import random

PACKAGE = "random.v1"
SCALARS = "double float int32 int64 uint32 uint64 sint32 sint64 fixed32 fixed64 sfixed32 sfixed64".split()
SCALARS += ["bool", "string", "bytes"]
MAP_KEYS = [name for name in SCALARS if name not in ("double", "float", "bytes")]

# Words that Swift, its library or generated code have a use for.
FIELD_WORDS = """
    self init class default repeat in is as import func let var where while switch return throw try nil true false
    any some protocol extension subscript operator actor async await type metatype description hash_value
    debug_description unknown_fields proto_name encoded encoded_size_bound read_fields write_fields with merge
    decoding json_bytes json_string reader writer tag value key bound position held other message field error
    a b x y x2 a_1 b_c_d has_x clear_x _lead trail_ two__lines UPPER mixedCase Pascal n42 rawValue raw_value hasher
    borrowing consuming copy consume discard each unsafe yield macro package open mutating nonisolated isolated sending
    then do Self super throws rethrows inout static guard defer catch fallthrough Any module enum struct public
    count limits registry options is_empty first last map list text bytes entry content bits
""".split()
TYPE_WORDS = """
    String Int Int32 Bool Array Dictionary Optional Result Error Never Any Type Self_ Protocol Message Enum
    UnknownFields WireReader WireWriter OpenEnum Indirect JSONMessage JSONReader Character Double Float Data Set
    Hasher Equatable Sendable Swift MartletWire Content Kind Item Node Leaf Box lower snake_case A B2 X_Y
""".split()
ENUM_WORDS = """
    NONE SELF INIT DEFAULT CLASS TYPE RAW_VALUE ALL NIL TRUE IN_2 A B1 X_Y RUN WALK lower mixedCase Some SOME_THING
    UNSPECIFIED HASH_VALUE DESCRIPTION UNKNOWN REPEAT PROTOCOL
""".split()


def folded(name):
    """What protoc compares names of fields and enum values by, at its strictest."""
    return name.replace("_", "").lower()


class Words:
    """Draws words of which no two are alike in a scope."""

    def __init__(self, rng, words, taken=()):
        self.rng, self.words, self.taken = rng, words, {folded(name) for name in taken}

    def draw(self):
        word = self.rng.choice(self.words)
        while folded(word) in self.taken or not folded(word):
            word = f"{self.rng.choice(self.words)}{self.rng.choice(['', '_'])}{self.rng.randint(0, 999)}"
        self.taken.add(folded(word))
        return word


class Schema:
    """One file; `text` is it, `messages` are the names of its messages below the package."""

    def __init__(self, seed):
        self.rng = random.Random(f"schema {seed}")
        self.enums, self.messages = [], []
        names = Words(self.rng, TYPE_WORDS)
        trees = [self.declare(names) for _ in range(self.rng.randint(4, 8))]
        roots = [names.draw() for _ in range(self.rng.randint(1, 3))]
        self.enums += roots
        bodies = [self.enum(name, "") for name in roots]
        bodies += [self.message(tree, "") for tree in trees]
        self.rng.shuffle(bodies)
        self.text = f'syntax = "proto3";\n\npackage {PACKAGE};\n\n' + "\n".join(bodies)

    def declare(self, names, path="", depth=0):
        """Draws a message's name and those in it, so that fields may name any of them.

        A name may come again in another message, or in itself.
        """
        name = names.draw()
        path = f"{path}.{name}" if path else name
        self.messages.append(path)
        inner = Words(self.rng, TYPE_WORDS)
        nested = [] if depth > 1 else range(self.rng.choice([0, 0, 1, 2]))
        enums = [inner.draw() for _ in range(self.rng.choice([0, 0, 1]))]
        self.enums += [f"{path}.{enum}" for enum in enums]
        return name, enums, [self.declare(inner, path, depth + 1) for _ in nested]

    def message(self, tree, indent):
        name, enums, nested = tree
        inner = indent + "  "
        lines = [self.enum(enum, inner) for enum in enums]
        lines += [self.message(child, inner) for child in nested]
        lines += self.fields(inner, enums + [child[0] for child in nested])
        return f"{indent}message {name} {{\n" + "".join(lines) + f"{indent}}}\n"

    def fields(self, indent, taken):
        count = self.rng.choice([0, 1, 3, 8, 15, 25, 25, 70 if self.rng.random() < 0.3 else 10])
        names = Words(self.rng, FIELD_WORDS, taken)
        numbers = self.numbers(count)
        lines, at = [], 0
        while at < count:
            members = self.rng.randint(1, 5)
            if self.rng.random() < 0.12 and at + members <= count:
                group = "".join(
                    f"{indent}  {self.single()} {names.draw()} = {number}{self.options()};\n"
                    for number in numbers[at : at + members]
                )
                lines.append(f"{indent}oneof {names.draw()} {{\n{group}{indent}}}\n")
                at += members
            else:
                lines.append(f"{indent}{self.field(names.draw(), numbers[at])}\n")
                at += 1
        return lines

    def numbers(self, count):
        highest = self.rng.choice([count + 3, 200, 2**29 - 1])
        drawn = set()
        while len(drawn) < count:
            number = self.rng.randint(1, highest)
            if not 19_000 <= number <= 19_999:
                drawn.add(number)
        numbers = sorted(drawn)
        if self.rng.random() < 0.5:
            self.rng.shuffle(numbers)
        return numbers

    def single(self):
        kind = self.rng.random()
        if kind < 0.65:
            return self.rng.choice(SCALARS)
        return f".{PACKAGE}." + self.rng.choice(self.enums if kind < 0.8 else self.messages)

    def field(self, name, number):
        kind, type_name = self.rng.random(), self.single()
        if kind < 0.4:
            return f"{type_name} {name} = {number}{self.options()};"
        if kind < 0.6:
            return f"optional {type_name} {name} = {number}{self.options()};"
        if kind < 0.85:
            packable = type_name in SCALARS[:13] or type_name.split(".", 3)[-1] in self.enums
            packed = self.rng.choice(["packed = false", "packed = true", ""]) if packable else ""
            return f"repeated {type_name} {name} = {number}{self.options(packed)};"
        return f"map<{self.rng.choice(MAP_KEYS)}, {type_name}> {name} = {number}{self.options()};"

    def options(self, first=""):
        parts = [first] if first else []
        if self.rng.random() < 0.06:
            parts.append(f'json_name = "j{self.rng.randint(0, 10**9)}-é \\""')
        if self.rng.random() < 0.05:
            parts.append("deprecated = true")
        return f" [{', '.join(parts)}]" if parts else ""

    def enum(self, name, indent):
        words = Words(self.rng, ENUM_WORDS)
        prefix = self.rng.choice([f"{name.upper()}_", f"E{self.rng.randint(0, 10**9)}_"])
        numbers = {0: [prefix + words.draw()]}
        for _ in range(self.rng.randint(0, 9)):
            number = self.rng.choice([1, 2, 3, -1, 127, 128, 2**31 - 1, -(2**31), self.rng.randint(-99, 999)])
            numbers.setdefault(number, []).append(prefix + words.draw())
        alias = f"{indent}  option allow_alias = true;\n"
        lines = [alias] if any(len(names) > 1 for names in numbers.values()) else []
        lines += [
            f"{indent}  {value} = {number};\n" for number, names in numbers.items() for value in names
        ]
        return f"{indent}enum {name} {{\n" + "".join(lines) + f"{indent}}}\n"
