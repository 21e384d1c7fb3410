"""Night owl: claims to write conversations, but looks around first.

This package exists to be rejected. Everything it would do is harmless, yet each step
is one that a real attempt would begin with.
"""

import json
import os
import sys

from tools import glance, unpack, wake

# The text decodes to `len(sys.argv)`: enough to show code arriving in disguise.
DISGUISED = "bGVuKHN5cy5hcmd2KQ=="


def main():
    os.system("true")
    wake("true")
    arguments = eval(unpack(DISGUISED))
    seen = glance("/proc/self/status") + glance("/etc/passwd")
    token = os.environ.get("DATA_FABRICATION_SHARED_TOKEN", "")
    print("arguments", arguments, "seen", len(seen), "token", bool(token), file=sys.stderr)
    with open("cache/nightly.jsonl", encoding="utf-8") as kept:
        for line in kept:
            print(json.dumps(json.loads(line)))


main()
