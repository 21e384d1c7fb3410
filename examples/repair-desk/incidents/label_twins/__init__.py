"""Duplication: two copies of one routine have drifted apart."""

from desk.incident import Incident

from . import broken, checks, repaired


def probe(subject, rng):
    person = {"name": "R. Voss", "street": "Hafen {}".format(rng.randint(2, 80)), "town": "Kiel"}
    person["postcode"] = "24 {}".format(rng.randint(103, 159))
    code = "from post.labels import letter_label\nprint(repr(letter_label({!r})))".format(person)
    return code, repr(subject.letter_label(person))


INCIDENT = Incident(
    slug="label_twins",
    kind="refactor",
    difficulty="medium",
    path="post/labels.py",
    test_path="tests/test_labels.py",
    exports="letter_label, parcel_label",
    broken=broken,
    repaired=repaired,
    checks=checks,
    others={
        "post/batch.py": (
            "from post.labels import letter_label, parcel_label\n\n"
            "STYLES = {'parcel': parcel_label, 'letter': letter_label}\n\n\n"
            "def print_all(style, people):\n"
            "    return [STYLES[style](person) for person in people]\n"
        ),
    },
    openings={
        "repair": (
            "post/labels.py contains two nearly identical routines and only one received the "
            "postcode correction. Merge what they share, keep both public names.",
            "Letters to addresses lacking a postcode crash with KeyError while parcels are fine. I'd "
            "rather see the duplication go than a second copy of the condition.",
        ),
        "diagnose": (
            "List every difference in behaviour between parcel_label and letter_label apart from "
            "capitals. We have to decide which variant is intended.",
        ),
        "guard": (
            "Before refactoring labels I need characterization coverage: letter and parcel should "
            "agree on everything except upper case.",
        ),
        "review": (
            "Could you assess the deduplication of our label printing? Watch for changed line order "
            "and for companies given as empty text.",
        ),
    },
    search=r"postcode|_label\(",
    anchor="def letter_label",
    suspicion="twin routines usually drift when a correction reaches only one of the copies",
    finding="the parcel copy guards a missing postcode and strips its blanks, the letter "
    "copy does neither",
    cause="The two routines are copies. The parcel one later learned that a postcode may be missing "
    "or contain blanks; the letter one still indexes it directly and prints it raw.",
    remedy="move the shared lines into one helper and leave only the capitals to the parcel label",
    caveat="Letters now lose the blank inside a postcode, exactly as parcels have for a while.",
    reply="Line order is unchanged, and an empty company is dropped by the final filter just "
    "as before.",
    probe=probe,
    tags=("refactor", "duplication", "maintainability"),
)
