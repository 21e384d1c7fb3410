#!/usr/bin/env python3
"""Which disguises are seen through: containment beside the service's rule and copydetect, on the same files.

    python3.12 -m venv /tmp/peers && /tmp/peers/bin/pip install copydetect
    /tmp/peers/bin/python benches/disguises.py [--packages FOLDER] [--write]

Makes three labelled sets (benches/disguised.py): of the standard library, of installed packages, and of other packages
that were not looked at before everything was chosen; compares every copy with its original, with every original that is unrelated to what it was made of, and
unrelated originals with one another; and prints a table: of each disguise, how many of the copies score higher than all
but one in a thousand of the unrelated pairs. FOLDER is a site-packages with the packages below; without one they are
installed into a folder of their own for the time of the run. With --write the raw figures go to
benches/results/disguises.json and the table into docs/performance.md.
"""

import argparse
import importlib.util
import itertools
import json
import multiprocessing
import pathlib
import random
import subprocess
import sys
import sysconfig
import tempfile

import compare
import disguised

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
BEGIN, END = "<!-- begin: written by benches/disguises.py -->", "<!-- end of disguises -->"

# Programs of many authors and kinds, in Python as far as they are looked at. What is found by their module's name.
PACKAGES = {
    "click": "8.5.1", "django": "6.1.3", "docutils": "0.22.4", "flask": "3.1.3", "jinja2": "3.1.6", "mpmath": "1.3.0",
    "networkx": "3.7", "paramiko": "5.1.0", "requests": "2.34.2", "rich": "15.0.0", "sqlalchemy": "2.1.9",
    "sympy": "1.14.0", "tornado": "6.6.1", "twisted": "26.10.0", "urllib3": "2.8.0", "werkzeug": "3.1.9",
}
HELD_OUT = {
    "black": "26.10.1", "celery": "5.7.0", "dask": "2026.8.0", "fastapi": "0.165.0", "httpx": "0.28.1",
    "luigi": "3.8.1", "nltk": "3.10.4", "pygments": "2.21.0", "pylint": "4.1.4", "pytest": "9.2.0", "scrapy": "2.19.0",
    "sphinx": "9.1.1",
}
# Where the folder is not named as the package.
FOLDERS = {"pytest": "_pytest"}
# Unrelated pairs that may score higher than a copy has to.
FALSE_POSITIVES = 0.001
METHODS = {"containment": "containment", "rule": "the service's rule", "copydetect": "copydetect"}
# The share from which containment calls for a look, whatever the set.
SUGGESTED = 0.05


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--packages", type=pathlib.Path, help="a site-packages with the packages in it")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="keep the results in the repository")
    parser.add_argument("--anything", action="store_true",
                        help="only one set, of the standard library with its tables and very short programs; not kept")
    options = parser.parse_args()
    if options.anything and options.write:
        parser.error("--anything is not kept")
    build = ["cargo", "bench", "--locked", "--bench", "containment", "--no-run"]
    subprocess.run(build, cwd=ROOT, check=True)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        library = pathlib.Path(sysconfig.get_path("stdlib"))
        if options.anything:
            packages, sets = folder, {"standard library, anything": (library, None)}
        else:
            packages = options.packages or install(folder / "packages")
            sets = {
                "standard library": (library, None),
                "packages": (packages, sorted(PACKAGES)),
                "held-out packages": (packages, sorted(FOLDERS.get(name, name) for name in HELD_OUT)),
            }
        report = {"machine": compare.machine(), "versions": versions(packages), "sets": {}}
        for name, (source, parts) in sets.items():
            report["sets"][name] = measure(source, folder / name.replace(" ", "-"), parts, options)
    text = table(report)
    print(text)
    if options.write:
        (HERE / "results" / "disguises.json").write_text(json.dumps(report, indent=1) + "\n")
        page = ROOT / "docs" / "performance.md"
        old = page.read_text()
        page.write_text(old[: old.index(BEGIN)] + BEGIN + "\n" + text + END + old[old.index(END) + len(END):])


def install(folder):
    wanted = [f"{name}=={version}" for name, version in {**PACKAGES, **HELD_OUT}.items()]
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder), *wanted]
    subprocess.run(command, check=True)
    return folder


def measure(source, folder, parts, options):
    """Figures of one set: sizes, speeds, thresholds, and the recall of each method in each disguise."""
    figures = disguised.make(source, folder, parts, 300, 60, options.anything)
    labels = json.loads((folder / "labels.json").read_text())
    files = [name.removesuffix(".py") for name in sorted(path.name for path in folder.glob("*.py"))]
    place = {name: index for index, name in enumerate(files)}
    copies, unrelated = pairs(labels, place)
    out = folder / "pairs.txt"
    command = ["cargo", "bench", "--locked", "--bench", "containment", "--", str(folder), "--rounds", str(options.rounds),
               "--pairs", str(out)]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    figures["speed"] = json.loads(done.stdout)
    scores = {"rule": {}, "containment": {}}
    with open(out, encoding="utf-8") as lines:
        for line in lines:
            left, right, score, share = line.split()
            pair = int(left), int(right)
            scores["rule"][pair] = int(score)
            scores["containment"][pair] = float(share)
    if importlib.util.find_spec("copydetect") is not None:
        scores["copydetect"] = copydetect_scores([folder / f"{name}.py" for name in files],
                                                 [pair for pair, _ in copies] + unrelated)
    figures["unrelated"] = len(unrelated)
    figures["methods"] = {method: recall(found, copies, unrelated) for method, found in scores.items()}
    suggested = scores["containment"]
    figures["suggested"] = {
        "share": SUGGESTED,
        "false_positives": sum(suggested[pair] >= SUGGESTED for pair in unrelated) / len(unrelated),
        "recall": by_disguise(copies, lambda pair: suggested[pair] >= SUGGESTED),
    }
    return figures


def pairs(labels, place):
    """Pairs of positions, the lower first: copies with their disguise, and pairs that have nothing in common."""
    related = {frozenset(pair) for pair in labels["related"]}
    originals = labels["originals"]

    def pair(left, right):
        return tuple(sorted((place[left], place[right])))

    def are_unrelated(name, *others):
        return all(name != other and frozenset((name, other)) not in related for other in others)

    copies = [(pair(copy["file"], copy["of"]), copy["disguise"]) for copy in labels["copies"]]
    unrelated = [pair(left, right) for left, right in itertools.combinations(originals, 2) if are_unrelated(left, right)]
    for copy in labels["copies"]:
        strangers = (name for name in originals if are_unrelated(name, copy["of"], copy["with"]))
        unrelated += [pair(copy["file"], name) for name in strangers]
    return copies, unrelated


def recall(scores, copies, unrelated):
    """The threshold that one in a thousand unrelated pairs passes, and the share of copies that do."""
    ranked = sorted((scores[pair] for pair in unrelated), reverse=True)
    threshold = ranked[int(len(ranked) * FALSE_POSITIVES)]
    return {"threshold": threshold, "recall": by_disguise(copies, lambda pair: scores[pair] > threshold)}


def by_disguise(copies, is_found):
    found = {}
    for pair, disguise in copies:
        found.setdefault(disguise, []).append(is_found(pair))
    return {disguise: sum(each) / len(each) for disguise, each in found.items()}


def copydetect_scores(paths, wanted):
    """The greater of both similarities, as copydetect's own comparison gives them with its usual settings."""
    random.Random(0).shuffle(wanted)
    with multiprocessing.Pool(initializer=prepare, initargs=(paths,)) as pool:
        return dict(pool.imap_unordered(copydetect_score, wanted, chunksize=2000))


FINGERPRINTS = []


def prepare(paths):
    from copydetect import CodeFingerprint

    # Its defaults: fingerprints of 25 characters, each of them kept.
    FINGERPRINTS.extend(CodeFingerprint(str(path), 25, 1) for path in paths)


def copydetect_score(pair):
    from copydetect import compare_files

    _, similarities, _ = compare_files(*(FINGERPRINTS[index] for index in pair))
    return pair, float(max(similarities))


def versions(packages):
    found = {path.name.split("-")[0].lower(): path.name.split("-")[1] for path in packages.glob("*.dist-info")}
    kept = {name: found[name].removesuffix(".dist") for name in (*PACKAGES, *HELD_OUT) if name in found}
    return {**compare.versions(), "packages": kept}


def table(report):
    sets, machine, versions = report["sets"], report["machine"], report["versions"]
    methods = [method for method in METHODS if all(method in figures["methods"] for figures in sets.values())]
    lines = ["", f"CPython {versions['python']}, copydetect {versions['copydetect']}; "
             + ", ".join(f"{name} {version}" for name, version in versions["packages"].items()) + ".", ""]
    for name, figures in sets.items():
        speed = figures["speed"]
        lines.append(f"- {name}: {figures['originals']} originals, {figures['copies']} copies, {figures['unrelated']} "
                     f"unrelated pairs. All {speed['pairs']:.0f} pairs take containment {speed['all_pairs_s']:.2f} s on one "
                     f"core ({speed['pairs_per_s']:.0f} a second), and {speed['outlines_s']:.2f} s before that to get ready.")
    lines += ["", "Percent of copies found at one false positive in a thousand (" + " / ".join(sets) + "):", "",
              "| disguise | " + " | ".join(METHODS[method] for method in methods) + f" | containment from {SUGGESTED:.0%} |",
              "|---|" + "---:|" * (len(methods) + 1)]
    disguises = list(next(iter(sets.values()))["suggested"]["recall"])

    def cell(recalls):
        return " / ".join(f"{recall * 100:.0f}" for recall in recalls)

    for disguise in disguises:
        cells = [cell(figures["methods"][method]["recall"][disguise] for figures in sets.values()) for method in methods]
        cells.append(cell(figures["suggested"]["recall"][disguise] for figures in sets.values()))
        lines.append(f"| {disguise} | " + " | ".join(cells) + " |")
    thresholds = [" / ".join(f"{figures['methods'][method]['threshold']:.3g}" for figures in sets.values()) for method in methods]
    lines.append("| *threshold* | " + " | ".join(thresholds) + f" | {SUGGESTED:g} |")
    passed = " / ".join(f"{figures['suggested']['false_positives'] * 100:.3f}" for figures in sets.values())
    rate = " / ".join(f"{FALSE_POSITIVES * 100:g}" for _ in sets)
    lines.append("| *false positives in %* | " + " | ".join(rate for _ in methods) + f" | {passed} |")
    return "\n".join(lines) + "\n\n"


if __name__ == "__main__":
    main()
