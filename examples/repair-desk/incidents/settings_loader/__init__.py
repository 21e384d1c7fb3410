"""Error handling: a broad except turns typing mistakes into silent defaults."""

from desk.incident import Incident

from . import broken, checks, repaired


def probe(subject, rng):
    text = '{{"copies": {}, "queue": "floor{}",}}'.format(rng.randint(2, 9), rng.randint(1, 5))
    code = "from printer.settings import describe, load\nprint(describe(load({!r})))".format(text)
    return code, subject.describe(subject.load(text))


INCIDENT = Incident(
    slug="settings_loader",
    kind="error_handling",
    difficulty="easy",
    path="printer/settings.py",
    test_path="tests/test_settings.py",
    exports="describe, load",
    broken=broken,
    repaired=repaired,
    checks=checks,
    others={
        "printer/serve.py": (
            "from pathlib import Path\n\nfrom printer.settings import describe, load\n\n\n"
            "def start(path, log):\n"
            "    settings = load(Path(path).read_text())\n"
            "    log.info(describe(settings))\n"
            "    return settings\n"
        ),
    },
    openings={
        "repair": (
            "I left a stray comma in settings.json and the print server quietly used defaults; it "
            "cost me an afternoon. Mistakes there should stop the start with a line number.",
            "load() swallows everything. Misspelt names, broken JSON, lists instead of objects: all "
            "should be told to the operator. Only an empty file may mean defaults.",
        ),
        "diagnose": (
            "Operators swear they configured another queue, but the log says queue=main. What kinds "
            "of files lead to that outcome?",
        ),
        "guard": (
            "Please demonstrate, in tests/test_settings.py, that malformed JSON is currently "
            "ignored by the printer configuration loader.",
        ),
        "review": (
            "New BadSettings exception on the branch. Verify messages are actionable and blank "
            "files are tolerated as before.",
        ),
    },
    search=r"except|load\(",
    anchor="except Exception",
    suspicion="defaults appearing without any message usually mean an exception was swallowed",
    finding="`except Exception` answers every mistake in the file with the defaults",
    cause="Reading and merging sit in one try block whose broad except returns the defaults. "
    "A stray comma is thus treated like an absent file, and unknown names are merged unseen.",
    remedy="catch only the decoding error, name the line, and refuse non-objects and unknown names",
    caveat="Servers whose files were broken all along will now refuse to start; announce it.",
    reply="Messages name the line or the setting, and blank text still means defaults.",
    probe=probe,
    tags=("error-handling", "configuration", "bug"),
)
