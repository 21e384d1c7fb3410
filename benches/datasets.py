#!/usr/bin/env python3
"""Makes the datasets that the score bench reads: a usual one of 10 000 conversations, and shapes made to be slow.

    python3 benches/datasets.py FOLDER

The same files whenever it is run.
"""

import argparse
import itertools
import json
import pathlib
import random
import string

ROLES = ["user", "assistant", "tool", "assistant", "user", "assistant"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    for name, make in SHAPES.items():
        chance = random.Random(name)
        with open(options.folder / f"{name}.jsonl", "w", encoding="utf-8") as file:
            for number, conversation in enumerate(make(chance)):
                file.write(json.dumps({"id": f"c{number}", **conversation}, ensure_ascii=False) + "\n")


class Words:
    """Words as frequent as in natural text: the k-th about 1/k as often as the first."""

    def __init__(self, chance, count):
        self.chance = chance
        letters = "abcdefghijklmnopqrstuvwxyz"
        self.all = ["".join(chance.choices(letters, k=chance.randint(2, 10))) for _ in range(count)]
        self.weights = [1 / (rank + 2) for rank in range(count)]

    def some(self, count):
        return " ".join(self.chance.choices(self.all, self.weights, k=count))


def conversation(first, rest, number):
    messages = []
    for role, content in zip(ROLES, [first, *rest]):
        message = {"role": role, "content": content}
        if role == "assistant":
            message["reasoning"] = content[:120]
            message["tool_calls"] = [{"id": f"t{number}", "name": ["read", "grep", "edit"][number % 3],
                                      "arguments": {"path": f"src/{number}.py", "line": number}}]
        messages.append(message)
    return {
        "task": {"type": ["bug", "feature", "test"][number % 3], "prompt": first[:60], "difficulty": "hard"},
        "messages": messages,
        "tools": [{"name": "read"}, {"name": "grep"}, {"name": "edit"}],
        "final": {"patch": "diff --git a b", "tests": ["t"]},
        "metadata": {"benchmark_tags": ["swe"]},
    }


def usual(chance, count=10_000):
    words = Words(chance, 6000)
    for number in range(count):
        yield conversation(words.some(50), [words.some(70) for _ in ROLES[1:]], number)


def all_words_common(chance):
    """Openings drawn from 300 words, so that every two share about a third of a hundred."""
    common, words = Words(chance, 300).all, Words(chance, 6000)
    for number in range(10_000):
        opening = " ".join(chance.sample(common, 100))
        yield conversation(opening, [words.some(66) for _ in ROLES[1:]], number)


def equal_but_one_word(chance):
    words = Words(chance, 6000)
    opening = words.some(80)
    for number in range(10_000):
        yield conversation(f"{opening} word{number}", [words.some(66) for _ in ROLES[1:]], number)


def one_long_conversation(chance):
    """10 000 messages in one conversation, among 9 999 short ones."""
    words = Words(chance, 6000)
    messages = [{"role": "user" if number % 2 == 0 else "assistant", "content": words.some(70)}
                for number in range(10_000)]
    yield {"messages": messages}
    for number in range(9_999):
        yield conversation(words.some(60), [words.some(66) for _ in ROLES[1:]], number)


def one_long_near_conversation(_chance):
    """10 000 messages of one length that are nearly, but not quite, near one another."""
    template = list("abcdefghij" * 40)
    messages = []
    for number in range(10_000):
        chance = random.Random(number)
        content = template[:]
        for place in chance.sample(range(400), 24):
            content[place] = chance.choice("klmnopqrstuvwxyz")
        messages.append({"role": "user" if number % 2 == 0 else "assistant", "content": "".join(content)})
    yield {"messages": messages}
    yield from usual(random.Random(1), 9_999)


def one_huge_content(chance):
    """One content of 10 MB, as the opening, among usual conversations."""
    words = Words(chance, 400_000)
    yield conversation(words.some(1_700_000)[:10_000_000], [words.some(66) for _ in ROLES[1:]], 0)
    yield from usual(chance, 9_999)


def four_letters():
    """Words of four letters, each another."""
    return map("".join, itertools.product(string.ascii_lowercase + string.digits + "!#$%&()*+,-./:;<=>?@[]^_{|}~", repeat=4))


def openings_of(texts):
    """Conversations that are nothing but their openings."""
    for number, text in enumerate(texts):
        answer = f"An answer that is long enough to be one, and another one each time: {number}."
        yield {"messages": [{"role": "user", "content": text}, {"role": "assistant", "content": answer}]}


def own_words(chance):
    """Openings of words that no other has, but for one in eleven."""
    words, common = four_letters(), Words(chance, 300).all
    texts = (" ".join([*itertools.islice(words, 700), *chance.choices(common, k=70)]) for _ in range(10_000))
    yield from openings_of(texts)


def words_in_two(chance):
    """Openings of words that one other has, each word another one."""
    words = 2 * list(itertools.islice(four_letters(), 4_000_000))
    chance.shuffle(words)
    yield from openings_of(" ".join(words[start : start + 800]) for start in range(0, len(words), 800))


def words_in_a_hundred(chance):
    words = list(itertools.islice(four_letters(), 80_000))
    yield from openings_of(" ".join(chance.choices(words, k=800)) for _ in range(10_000))


def words_in_some_hundreds(chance):
    """The most that are not yet common: about one in 33 openings has each word."""
    words = list(itertools.islice(four_letters(), 27_000))
    yield from openings_of(" ".join(chance.choices(words, k=800)) for _ in range(10_000))


SHAPES = {
    "usual": usual,
    "all-words-common": all_words_common,
    "equal-but-one-word": equal_but_one_word,
    "one-long-conversation": one_long_conversation,
    "one-long-near-conversation": one_long_near_conversation,
    "one-huge-content": one_huge_content,
    "own-words": own_words,
    "words-in-two": words_in_two,
    "words-in-a-hundred": words_in_a_hundred,
    "words-in-some-hundreds": words_in_some_hundreds,
}

if __name__ == "__main__":
    main()
