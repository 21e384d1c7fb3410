"""First steps: prints a handful of question and answer pairs."""

import json

PLACES = ["login", "search", "invoice", "upload", "profile", "report"]


def main():
    for place in PLACES:
        conversation = {
            "messages": [
                {"role": "user", "content": "Please fix the bug in the " + place + " function."},
                {"role": "assistant", "content": "Done, the " + place + " bug is fixed."},
            ],
            "task": {"type": "bug_fix", "difficulty": "easy"},
        }
        print(json.dumps(conversation))


main()
