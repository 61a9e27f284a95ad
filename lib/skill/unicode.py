#!/usr/bin/env python3
"""Writes unicode_tables.h: `python3 lib/skill/unicode.py >lib/skill/unicode_tables.h`.

Run it again to take over a newer Unicode version; clang-format keeps its hands off the result."""
import sys
import unicodedata


def ranges():
    """(first, last, class) of categories L, M, N outside ASCII."""
    out = []
    for cp in range(0x80, 0x110000):
        c = unicodedata.category(chr(cp))[0]
        if c not in "LMN":
            continue
        if out and out[-1][1] == cp - 1 and out[-1][2] == c:
            out[-1][1] = cp
        else:
            out.append([cp, cp, c])
    return out


def lower():
    """(first, last, step, delta): simple lower case, one character to one."""
    out = []
    for cp in range(0x80, 0x110000):
        low = chr(cp).lower()
        if cp == 0x130:  # the only one whose full mapping differs from the simple one
            low = "i"
        if len(low) != 1 or ord(low) == cp:
            continue
        delta = ord(low) - cp
        if out and out[-1][3] == delta:
            first, last, step, _ = out[-1]
            gap = cp - last
            if gap in (1, 2) and (first == last or gap == step):
                out[-1][1] = cp
                out[-1][2] = gap
                continue
        out.append([cp, cp, 1, delta])
    return out


def rows(items, per_line):
    for i in range(0, len(items), per_line):
        print("    " + " ".join(items[i:i + per_line]))


print("/* Made by lib/skill/unicode.py from Unicode %s; do not edit. */" % unicodedata.unidata_version)
print("/* clang-format off */")
print("static const struct { uint32_t first, last; char cls; } classes[] = {")
rows(["{0x%X,0x%X,'%s'}," % tuple(r) for r in ranges()], 5)
print("};")
print("static const struct { uint32_t first, last; int step, delta; } lowers[] = {")
rows(["{0x%X,0x%X,%d,%d}," % tuple(r) for r in lower()], 4)
print("};")
print("/* clang-format on */")
sys.stdout.flush()
