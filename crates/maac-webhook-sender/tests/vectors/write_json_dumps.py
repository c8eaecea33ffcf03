#!/usr/bin/env python3
"""Write json_dumps.json: what CPython's json module makes of JSON texts.

    write_json_dumps.py            write the file beside this script
    write_json_dumps.py --check    write nothing; exit 1 if the file's vectors are not what this
                                   Python makes of the same texts

A vector is [group, text, python, raw_utf8, compact, raw_utf8_compact]: the last four are
json.dumps(json.loads(text)) in the four styles, or null where Python refuses (the text is not
JSON, a float is not finite, or a lone surrogate cannot become UTF-8).
"""

import json
import pathlib
import platform
import random
import struct
import sys

FILE = pathlib.Path(__file__).with_name("json_dumps.json")
SEED = 20251128
COMPACT = (",", ":")


def dumps(text, ensure_ascii, separators):
    try:
        value = json.loads(text)
        # Infinity and NaN are Python's, not JSON's: allow_nan=False refuses to print them.
        printed = json.dumps(
            value, ensure_ascii=ensure_ascii, separators=separators, allow_nan=False
        )
        printed.encode()
    except ValueError:
        return None
    return printed


def vector(group, text):
    return [
        group,
        text,
        dumps(text, True, None),
        dumps(text, False, None),
        dumps(text, True, COMPACT),
        dumps(text, False, COMPACT),
    ]


def bits(pattern):
    return struct.unpack(">d", struct.pack(">Q", pattern))[0]


def float_texts(rng):
    # As others than Python may write them.
    yield from """
        0.0 -0.0 0e0 -0e0 0E+0 0.00 0e999 -0e-999 1.0 -1.0 1.0e0 65.0 65.00 65e0 6.5E1 650e-1 0.1 0.30000000000000004
        1e15 1e16 1e17 9999999999999998.0 9999999999999999.0 1e+16 1E16 123456789012345678.0 1e21 1e22 1e23
        1e-3 1e-4 1e-5 1e-05 0.0001 0.00001 0.00012345 0.000012345 9.999e-5 1e100 1e-100 1.5e300
        1.7976931348623157e308 1.7976931348623158e308 17976931348623157e292 -1.7976931348623157e308
        2.2250738585072014e-308 2.2250738585072011e-308 2.225073858507201e-308 4.9406564584124654e-324 5e-324 -5e-324
        2.4703282292062328e-324 2.4703282292062327e-324 1e-400 -1e-400 1e-999999999999999999999
        9007199254740992.0 9007199254740993.0 9007199254740994.0 9007199254740995.0 18014398509481985.0
        5.684341886080802e-14 1.0000000000000002 0.9999999999999999 4.35 2.675 1.005 179.99999999999997
        8.41e21 2.0e-3 1.2345678901234567890123456789 123456.789e3 0.000000000000000000000000000001
        4294967295.0 4294967296.5 0.5 0.25 0.125 3.141592653589793 2.718281828459045 100.0 1000000.0 1e6
    """.split()
    yield "1." + "0" * 400
    yield "1" + "0" * 300 + ".0"
    yield "0." + "0" * 320 + "1234567890123456789"
    # Halfway between two floats, and a digit beyond.
    yield "9007199254740993." + "0" * 60 + "1"

    for exponent in [*range(-326, 309, 6), *range(-7, 0), *range(12, 25)]:
        yield f"1e{exponent}"
        yield f"{rng.randint(1, 10 ** 17)}e{exponent - 17}"
    for exponent in [*range(-1074, 1024, 24), *range(-20, 70, 3), -1074, -1073, -1023, -1022, -44, 1023]:
        power = 2.0**exponent
        yield repr(power)
        # Where floats above are twice as far apart as those below.
        below = bits(struct.unpack(">Q", struct.pack(">d", power))[0] - 1)
        yield repr(below)
    # Two shortest forms equally close, of which Python takes the even one.
    for power, step in ((46, 8), (49, 4)):
        for _ in range(12):
            yield repr(rng.randint(2**power, 2 ** (power + 1)) + rng.randrange(1, step, 2) / step)
    for _ in range(40):
        yield repr(bits(rng.getrandbits(52)))
    for _ in range(160):
        value = bits(rng.getrandbits(64))
        if value == value and abs(value) != float("inf"):
            yield "%.17e" % value if rng.random() < 0.5 else repr(value)
    for _ in range(60):
        yield "%.*f" % (rng.randint(1, 4), rng.uniform(-100000, 100000))


def integer_texts(rng):
    yield from "0 -0 1 -1 10 -10 65 9007199254740993".split()
    for power in (31, 32, 53, 63, 64, 65, 127, 128, 129, 256):
        for value in (2**power - 1, 2**power, 2**power + 1):
            yield str(value)
            yield str(-value)
    for digits in (30, 60, 400, 4000):
        yield str(rng.randint(10 ** (digits - 1), 10**digits))


def string_texts(rng):
    for code in [*range(0x20), 0x7F]:
        yield f'"a\\u{code:04x}b"'
    for code in (0x7E, 0x7F, 0x80, 0x9F, 0xA0, 0xE9, 0xFF, 0x100, 0x7FF, 0x800, 0x2028, 0x2029, 0x8336, 0xD7FF, 0xE000,
                 0xFEFF, 0xFFFD, 0xFFFE, 0xFFFF, 0x10000, 0x1F600, 0x20000, 0x10FFFF):
        yield '"' + chr(code) + '"'
        yield json.dumps(chr(code)).upper().replace("\\U", "\\u")
    yield r'"\"\\\/\b\f\n\r\t"'
    yield r'"/ </script> & \u0026 \u003C \u0022 \u005c \u002f"'
    yield r'"\\u8336 \\\u8336 \\\\"'
    yield '""'
    # Lone surrogates, and pairs beside them.
    yield from (r'"\ud800"', r'"\udfff"', r'"\ude00\ud83d"', r'"\ud83d\ud83d\ude00\ude00"', r'"\uD83Dx\uDE00"',
                r'"\ud83d\n\ude00"', r'{"\udead": 1, "\uDEAD": 2}', r'"\ud83d\\ude00"', r'"\uDBFF\uDFFF"')
    alphabet = "aZ09 /'\"\\\b\n\t\x7f\x80é茶女士\u2028\uffff😀𠀀"
    for _ in range(40):
        content = "".join(rng.choices(alphabet, k=rng.randint(1, 12)))
        yield json.dumps(content, ensure_ascii=rng.random() < 0.5)


def structure_texts():
    yield from ("null", "true", "false", "[]", "{}", "[[]]", "[{}]", '{"a":{}}', '{"a":[]}', "[[],[],{},[{}]]",
                '{"":""}', "[1,2.5,true,null,\"x\"]", "[" * 127 + "]" * 127, '{"a":' * 127 + "0" + "}" * 127)
    yield ' \t\r\n[ 1 ,\n2\t,\r{ } , [ ] , { "a" :\n1 , "b" : [ 1 , 2 ] } ] \n'
    yield '{"a":1,"b":2,"a":3}'
    yield '{"a":{"x":1},"b":2,"a":[],"c":3,"b":{"b":1,"b":2}}'
    yield r'{"a":1,"\u0061":2,"茶":3,"\u8336":4,"😀":5,"\uD83D\uDE00":6,"/":7,"\/":8}'
    yield '{"茶":"女","é":"\u2028","😀":1.0,"\\u0000":2,"\x7f":3}'
    yield '{"z":1,"a":2,"10":3,"9":4,"__proto__":5}'
    # The event that the test of `encode` builds from structs.
    yield ('{"timestamp":"2025-11-28T12:34:56.123456+08:00","topic":"receipt.receipt_validated","data":{'
           '"line_uid":"U0123456789abcdef0123456789abcdef","customer_id":null,"campaign_name":"喝茶 😀","items":['
           '{"description":"烏龍茶/大","unit_price":65.0,"quantity":2,"amount":130.0},'
           '{"description":"","unit_price":-1e-05,"quantity":18446744073709551615,"amount":1e+16}],"meta":{}}}')


def not_json_texts():
    # Python reads the first four, as floats it then has no JSON for.
    yield from ("NaN", "Infinity", "-Infinity", "[Infinity]", "-NaN", "", " ", "nul", "True", "[1,]", "[,1]", "[1 2]", "[", "]",
                "[1", "[1}", '{"a"}', '{"a":}', '{"a":1,}', '{"a" 1}', "{1:2}", "{'a':1}", '{"a":1', "01", "-01", "+1", "1.",
                ".5", "-", "- 1", "1e", "1e+", "0x1", "1_000", '"', '"a', '"\\', '"\\"', '"\\x41"', '"\\u12"', '"\\u12g4"',
                '"\\u+123"', '"\\ud83d\\u12"', "'a'", '"\n"', '"\t"', '"\0"', "1 2", "{}{}", "// a\n1", "\ufeff1", "\u00a01",
                "\x0b1")


def not_finite_texts():
    yield from ("1e309", "-1e400", "[1.5,1e400]", '{"a":1E+999999999999999999999}', "1.7976931348623159e308", "9" * 309 + ".0")


def vectors():
    rng = random.Random(SEED)
    groups = {
        "float": float_texts(rng),
        "integer": integer_texts(rng),
        "string": string_texts(rng),
        "structure": structure_texts(),
        "not_json": not_json_texts(),
        "not_finite": not_finite_texts(),
    }
    for group, texts in groups.items():
        for text in dict.fromkeys(texts):
            yield vector(group, text)


def lines(values):
    return ",\n".join(json.dumps(value, separators=COMPACT) for value in values)


def main(arguments):
    if arguments == ["--check"]:
        committed = json.loads(FILE.read_text("ascii"))["vectors"]
        if committed != list(vectors()):
            sys.exit(f"{FILE.name} is not what {platform.python_implementation()} {platform.python_version()} writes")
        return
    if arguments:
        sys.exit(__doc__)
    provenance = {
        "script": pathlib.Path(__file__).name,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "seed": SEED,
    }
    columns = ["group", "text", "python", "raw_utf8", "compact", "raw_utf8_compact"]
    FILE.write_text(
        f'{{"provenance":{json.dumps(provenance)},\n"columns":{json.dumps(columns)},\n'
        f'"vectors":[\n{lines(vectors())}\n]}}\n',
        "ascii",
    )


main(sys.argv[1:])
