"""Repair desk: prints coding-agent conversations built from small, real incidents.

Every incident brings a broken module, its repaired version and a few checks. The
checks are run against both, so the test output inside a conversation is what the
code really did. One seed always gives the same bytes.
"""

import json
import os
import random
import sys

from desk.dialogue import Desk
from desk.workbench import Workbench
from incidents import ALL_INCIDENTS

DEFAULT_SEED = "1337"
SIDE_WORKFLOWS = ("diagnose", "guard", "review")


def plan(rng):
    """Give each incident a repair and two other workflows, in a shuffled order."""
    jobs = []
    for incident in ALL_INCIDENTS:
        jobs.append((incident, "repair"))
        for workflow in rng.sample(SIDE_WORKFLOWS, 2):
            jobs.append((incident, workflow))
    rng.shuffle(jobs)
    return jobs


def fabricate(seed):
    """Return the conversations of one seed, in the order they are written."""
    rng = random.Random("repair-desk/" + seed)
    benches = {incident.slug: Workbench(incident) for incident in ALL_INCIDENTS}
    desk = Desk(rng)
    return [desk.hold(benches[incident.slug], workflow) for incident, workflow in plan(rng)]


def main():
    seed = os.environ.get("DATA_FABRICATION_SEED", DEFAULT_SEED)
    conversations = fabricate(seed)
    lines = "".join(json.dumps(item, sort_keys=True) + "\n" for item in conversations)
    target = os.environ.get("DATA_FABRICATION_OUTPUT")
    if target:
        with open(target, "w", encoding="utf-8", newline="\n") as sink:
            sink.write(lines)
        print("repair-desk: {} conversations".format(len(conversations)), file=sys.stderr)
    else:
        sys.stdout.write(lines)


if __name__ == "__main__":
    main()
