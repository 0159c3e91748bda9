"""Schema files a few slips away from right ones: what a verdict is compared on."""

import pathlib
import random
import re

from schema_verdicts import CASES, RAW

FOLDER = pathlib.Path(__file__).parent / "protos"
TOKEN = re.compile(r'//[^\n]*\n?|/\*.*?\*/|\s+|[A-Za-z_]\w*|[\d.][\w.]*|"(?:\\.|[^"\n])*"|.', re.S)
WORDS = (
    "message enum oneof map repeated optional required reserved extensions extend group service rpc "
    "returns stream option import public weak package syntax edition to max true false inf nan "
    "int32 int64 uint64 sint32 fixed64 bool string bytes float double default json_name packed "
    "deprecated allow_alias map_entry a b M E p case"
).split()
NUMBERS = (
    "0 1 2 3 007 08 0x1F 0x -1 15 18999 19000 19999 20000 536870911 536870912 2147483647 2147483648 "
    "4294967295 4294967296 9223372036854775808 18446744073709551616 1.5 1e3 1e999 .5 1f"
).split()
SYMBOLS = "{ } [ ] ( ) < > ; = , . - + : / \" '".split()


def originals():
    """The texts that mutants are made of: small cases of every rule, and hard files."""
    texts = []
    for body in CASES.values():
        is_raw = body.startswith(RAW)
        text = body.removeprefix(RAW) if is_raw else f'syntax = "proto3"; package p;\n{body}'
        if len(text) < 2000:
            texts.append(text)
    texts += [path.read_text() for path in sorted(FOLDER.glob("*.proto"))] * 10
    proto2 = [text.replace('"proto3"', '"proto2"') for text in texts if '"proto3"' in text]
    editions = [text.replace('syntax = "proto3"', 'edition = "2023"') for text in texts]
    return texts + proto2 + editions


def mutants(seed, count, is_right):
    """Yields `count` texts, the same for the same seed, most of them made of texts that are right."""
    source = random.Random(seed)
    every = originals()
    right = {text for text in set(every) if is_right(text)}
    texts = [text for text in every if text in right or source.random() < 0.1]
    for _ in range(count):
        tokens = TOKEN.findall(source.choice(texts))
        for _ in range(source.choice((1, 1, 1, 2, 3))):
            mutate(tokens, source)
        yield "".join(tokens)


def mutate(tokens, source):
    """Changes one token, or moves some."""
    solid = [index for index, token in enumerate(tokens) if token.strip()]
    if not solid:
        return
    place = source.choice(solid)
    kind = source.randrange(8)
    if kind == 0:
        tokens[place] = ""
    elif kind == 1:
        tokens.insert(place, tokens[place] + " ")
    elif kind == 2:
        other = source.choice(solid)
        tokens[place], tokens[other] = tokens[other], tokens[place]
    elif kind == 3:
        tokens[place] = replacement(tokens, tokens[place], source)
    elif kind == 4:
        tokens.insert(place, source.choice(source.choice((WORDS, NUMBERS, SYMBOLS))) + " ")
    elif kind == 5:
        tokens[place] = source.choice(tokens)
    elif kind == 6:
        copy_statement(tokens, source, place)
    else:
        numbers = [index for index in solid if tokens[index][0].isdigit()]
        if numbers:
            tokens[source.choice(numbers)] = source.choice(NUMBERS)


def replacement(tokens, token, source):
    """Another token of the same kind."""
    if token[0].isdigit():
        return source.choice(NUMBERS)
    if token[0].isalpha():
        names = [other for other in tokens if other[:1].isalpha()] or [token]
        return source.choice(source.choice((names, WORDS)))
    return source.choice(SYMBOLS)


def copy_statement(tokens, source, place):
    """Copies or moves what stands between two semicolons or braces."""
    ends = [index for index, token in enumerate(tokens) if token in ("{", "}", ";")]
    before = max((index for index in ends if index < place), default=-1)
    after = min((index for index in ends if index >= place), default=len(tokens) - 1)
    statement = tokens[before + 1 : after + 1]
    if source.random() < 0.5:
        del tokens[before + 1 : after + 1]
    goals = [index for index, token in enumerate(tokens) if token in ("{", "}", ";")]
    goal = source.choice(goals) + 1 if goals else 0
    tokens[goal:goal] = statement
