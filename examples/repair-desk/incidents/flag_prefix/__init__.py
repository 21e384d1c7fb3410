"""Command line: two flags share a prefix and the first one wins silently."""

from desk.incident import Incident

from . import broken, checks, repaired


def probe(subject, rng):
    argv = ["--o" + rng.choice(("", "u", "ut")), rng.choice(("town.svg", "lake.svg", "ridge.svg"))]
    code = "from mapper.flags import parse\nprint(parse({!r}))".format(argv)
    return code, subject.parse(argv)


INCIDENT = Incident(
    slug="flag_prefix",
    kind="cli_behaviour",
    difficulty="medium",
    path="mapper/flags.py",
    test_path="tests/test_flags.py",
    exports="parse",
    broken=broken,
    repaired=repaired,
    checks=checks,
    others={
        "mapper/__main__.py": (
            "import sys\n\nfrom mapper.flags import parse\nfrom mapper.render import render\n\n"
            "render(**parse(sys.argv[1:]))\n"
        ),
        "docs/usage.md": "Flags may be shortened as long as they stay unique.\n",
    },
    openings={
        "repair": (
            "`mapper --out town.svg` draws outlines and writes no file! Shortened flags that fit "
            "several options must be rejected with a helpful message.",
            "When we introduced --outline, scripts using --out silently changed meaning. Implement "
            "what docs/usage.md says about unique abbreviations.",
        ),
        "diagnose": (
            "Help me understand how the exporter picks a flag for `--o`. Does ordering of the "
            "FLAGS tuple decide? Investigate without modifying files.",
        ),
        "guard": (
            "Write something that fails while `--out` is accepted by mapper.flags. The release "
            "branch will get the behaviour change tomorrow.",
        ),
        "review": (
            "Branch ready: ambiguous abbreviations raise UsageError. Does an exact spelling keep "
            "working even if another flag begins with the same letters?",
        ),
    },
    search=r"startswith|FLAGS",
    anchor="for flag in FLAGS",
    suspicion="taking the first match of a prefix search would hide that several flags match",
    finding="`resolve` returns the first flag with the prefix, so `--out` means `--outline`",
    cause="Abbreviations are resolved by the first prefix hit in FLAGS. Since `--outline` sorts "
    "before `--output`, adding it silently took over every script that said `--out`.",
    remedy="accept exact names first, then demand that exactly one flag has the given prefix",
    caveat="Unknown flags now raise UsageError instead of SystemExit, so __main__ should print it.",
    reply="Exact spellings are accepted before any prefix is compared, so they keep working.",
    probe=probe,
    tags=("cli", "flags", "bug"),
)
