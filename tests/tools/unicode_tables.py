"""Writes src/text/tables.rs: what CPython 3.12 (Unicode 15.0) knows of each code point.

Usage: python3.12 tests/tools/unicode_tables.py > src/text/tables.rs

Everything is asked of the running interpreter, not of Unicode's files, so the tables are what the
live service does. Membership is stored as the sorted code points where it changes.
"""

import hashlib
import sys
import unicodedata

if sys.version_info[:2] != (3, 12) or unicodedata.unidata_version != "15.0.0":
    sys.exit("needs CPython 3.12 with Unicode 15.0.0")


def cased(code_point):
    # A capital sigma is lowered to the final form only when the nearest character before it
    # that is not case-ignorable is cased, and none such follows.
    return (" " + chr(code_point) + "\u03a3").lower()[-1] == "\u03c2"


def case_ignorable(code_point):
    # Skipped when looking back from the sigma (so that `a` is found) and when looking ahead
    # (so that the `a` after it is found).
    after_letter = ("a" + chr(code_point) + "\u03a3").lower()[-1] == "\u03c2"
    after_space = (" " + chr(code_point) + "\u03a3").lower()[-1] == "\u03c2"
    return after_letter and not after_space


def changes(member):
    found, inside = [], False
    for code_point in range(sys.maxunicode + 1):
        if member(code_point) != inside:
            found.append(code_point)
            inside = not inside
    return found


def table(name, doc, member):
    points = changes(member)
    print(f"\n/// {doc}\n#[rustfmt::skip]\npub(super) const {name}: [u32; {len(points)}] = [")
    for start in range(0, len(points), 12):
        print("    " + " ".join(f"{p:#x}," for p in points[start : start + 12]))
    print("];")


print("//! Unicode 15.0 as CPython 3.12 has it. Written by `tests/tools/unicode_tables.py`.")
print("//!\n//! Each table lists, in order, the code points where membership changes, starting outside.")
table("PRINTABLE", "`str.isprintable` of the single character.", lambda c: chr(c).isprintable())
table("CASED", "Cased and not case-ignorable: ends the look-around of a capital sigma with yes.", cased)
table("CASE_IGNORABLE", "Case-ignorable: skipped by the look-around of a capital sigma.", case_ignorable)

every = (chr(c).lower() for c in range(sys.maxunicode + 1) if not 0xD800 <= c < 0xE000)
digest = hashlib.sha256("\n".join(every).encode()).hexdigest()
print("\n/// SHA-256 of the lower-case forms of all characters, one a line, for the tests.")
print(f'#[cfg(test)]\npub(super) const LOWER_SHA256: &str =\n    "{digest}";')
