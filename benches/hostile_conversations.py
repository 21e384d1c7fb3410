#!/usr/bin/env python3
"""Makes datasets of one conversation each, written by someone who wants the search for repeated contents to be slow.

    python3 benches/hostile_conversations.py FOLDER [--mib 10] [--shape NAME]...

The same files whenever it is run.
"""

import argparse
import itertools
import json
import pathlib
import random


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--mib", type=float, default=10, help="about the size of each file")
    parser.add_argument("--shape", action="append", choices=SHAPES, help="only these shapes")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    for name in options.shape or SHAPES:
        make(name, options.folder / f"{name}.jsonl", options.mib)


def make(name, path, mib):
    """Writes one of SHAPES, and gives the number of messages."""
    return write(path, SHAPES[name](random.Random(name)), int(mib * 2**20))


def write(path, contents, size):
    with open(path, "w", encoding="utf-8") as file:
        room = size - file.write('{"messages":[')
        # The shortest roles that may follow one another, so that as many messages as can be fit in.
        roles = itertools.cycle(["user", "tool"])
        messages = 0
        for role, content in zip(roles, contents):
            message = json.dumps({"role": role, "content": content}, ensure_ascii=False, separators=(",", ":"))
            room -= len(message.encode()) + 1
            if room < 0:
                break
            file.write(("," if messages else "") + message)
            messages += 1
        file.write("]}\n")
    return messages


def letters(chance, alphabet, length):
    return "".join(chance.choices(alphabet, k=length))


def random_letters(alphabet, least, most=None):
    """Letters that tell as little apart as their number allows."""
    def make(chance):
        while True:
            yield letters(chance, alphabet, chance.randint(least, most or least))
    return make


def tiny_words(chance):
    """Words of three letters from a vocabulary of twelve."""
    words = [letters(chance, "abcdefgh", 3) for _ in range(12)]
    while True:
        yield " ".join(chance.choices(words, k=25))


def changed(chance, text, count, alphabet):
    text = list(text)
    for place in chance.sample(range(len(text)), count):
        text[place] = chance.choice(alphabet.replace(text[place], ""))
    return "".join(text)


def pairs(alphabet, length, differing):
    """Contents and, much later, copies in which so many places differ."""
    def make(chance):
        while True:
            early = [letters(chance, alphabet, length) for _ in range(5000)]
            yield from early
            yield from (changed(chance, text, differing, alphabet) for text in early)
    return make


def ball(differing, length):
    """One text with some places changed: pairs differ in about twice as many."""
    def make(chance):
        base = letters(chance, "ab", length)
        while True:
            yield changed(chance, base, differing, "ab")
    return make


def families(chance):
    """Hundreds of texts, in each of which a few places of its own vary."""
    texts = [(letters(chance, "abcdefgh", 100), chance.sample(range(100), 22)) for _ in range(300)]
    while True:
        text, places = chance.choice(texts)
        text = list(text)
        for place in places:
            text[place] = chance.choice("abcdefgh")
        yield "".join(text)


def framed(before, middle, after, alphabet):
    """The same beginning and end around something of one's own."""
    def make(chance):
        begin, end = letters(chance, "abcdefgh", before), letters(chance, "abcdefgh", after)
        while True:
            yield begin + letters(chance, alphabet, middle) + end
    return make


def same_multiset(chance):
    """The same letters in another order."""
    text = list("aaaaaaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbbbbbccccccccccccccccccccdddddddddddddddddddd")
    while True:
        chance.shuffle(text)
        yield "".join(text)


def counters(chance):
    """One sentence with a counter in it, three times so that neighbours are not always near."""
    for number in itertools.count():
        yield f"step {number:07d}: ran check {number * 7919 % 10**7:07d}, saw {number * 104729 % 10**7:07d} items, all fine"


def bare_counters(chance):
    return (str(10**10 + number) for number in itertools.count())


def very_short(chance):
    """All contents of one to four characters, one after the other."""
    alphabet = [chr(point) for point in itertools.chain(range(0x23, 0x5C), range(0x5D, 0x7F), range(0xA1, 0x180))]
    for length in range(1, 5):
        for content in itertools.product(alphabet, repeat=length):
            yield "".join(content)


def one_character(chance):
    """One character, in every length: all near the ones of nearly their length."""
    lengths = itertools.chain.from_iterable(itertools.repeat(range(1, 4000)))
    for number, length in enumerate(lengths):
        yield chr(0x61 + number // 4000 % 26) * length


def windows(chance):
    """Windows of one sequence of two letters in which no stretch of 20 occurs twice."""
    state, sequence = 1, []
    while True:
        if len(sequence) >= 90:
            yield "".join(sequence[-90:])
        for _ in range(3):
            state = state >> 1 ^ (0x90000 if state & 1 else 0)
            sequence.append("ab"[state & 1])


def polynomials(chance):
    """Twelve telling places of a hundred, in ten of which any two differ: one more than may."""
    prime, frame = 73, letters(chance, "ab", 100)
    places = sorted(chance.sample(range(100), 12))
    order = list(range(prime**3))
    chance.shuffle(order)
    for number in order:
        a, b, c = number % prime, number // prime % prime, number // prime**2
        text = list(frame)
        for x, place in enumerate(places):
            text[place] = chr(0x30 + (a + b * x + c * x * x) % prime).replace("\\", "~")
        yield "".join(text)


def tight_code(chance):
    """Two letters at 47 telling places of a hundred, in eleven of which any two differ: the words of a shortened
    binary BCH code, about as many as can be that far from one another."""
    generator, frame = 0o1033500423, letters(chance, "ab", 100)
    places = chance.sample(range(100), 47)
    order = list(range(2**20))
    chance.shuffle(order)
    for number in order:
        word = 0
        for bit in range(20):
            if number >> bit & 1:
                word ^= generator << bit
        text = list(frame)
        for bit, place in enumerate(places):
            text[place] = "ab"[word >> bit & 1]
        yield "".join(text)


def three_places(chance):
    """Three telling places of twenty, any two of which say the third: two differ, where one may."""
    prime, frame = 997, letters(chance, "ab", 20)
    order = list(range(prime**2))
    chance.shuffle(order)
    for number in order:
        a, b = number % prime, number // prime
        text = list(frame)
        for place, value in zip((3, 8, 15), (a, b, (a + b) % prime)):
            text[place] = chr(0x100 + value)
        yield "".join(text)


def blocks(chance):
    """Blocks of ten equal letters of two kinds: every pair shares half of them."""
    while True:
        yield "".join(letter * 10 for letter in chance.choices("ab", k=20))


def skewed(chance):
    """Half of the contents begin alike, half of those go on alike, and so on."""
    base = letters(chance, "ab", 100)
    while True:
        start = min(70, 7 * next(n for n in itertools.count() if chance.random() < 0.5))
        yield base[:start] + letters(chance, "ab", 100 - start)


SHAPES = {
    "two-letters-14": random_letters("ab", 14),
    "two-letters-30": random_letters("ab", 30),
    "two-letters-50": random_letters("ab", 50),
    "two-letters-70": random_letters("ab", 70),
    "two-letters-100": random_letters("ab", 100),
    "two-letters-120": random_letters("ab", 120),
    "two-letters-200": random_letters("ab", 200),
    "two-letters-500": random_letters("ab", 500),
    "four-letters-60": random_letters("abcd", 60),
    "all-lengths": random_letters("ab", 20, 130),
    "lengths-of-a-hundred": random_letters("ab", 90, 110),
    "many-letters": random_letters([chr(0x4E00 + n) for n in range(20000)], 40),
    "tiny-words": tiny_words,
    "pairs-just-near": pairs("ab", 100, 9),
    "pairs-just-not-near": pairs("ab", 100, 10),
    "ball-of-8": ball(8, 100),
    "ball-of-14": ball(14, 100),
    "families": families,
    "framed-binary": framed(25, 50, 25, "ab"),
    "framed-letters": framed(44, 12, 44, "abcdefghijklmnopqrstuvwxyz"),
    "framed-long": framed(9000, 1100, 0, "ab"),
    "same-multiset": same_multiset,
    "counters": counters,
    "bare-counters": bare_counters,
    "very-short": very_short,
    "one-character": one_character,
    "windows": windows,
    "polynomials": polynomials,
    "tight-code": tight_code,
    "three-places": three_places,
    "blocks": blocks,
    "skewed": skewed,
}

if __name__ == "__main__":
    main()
