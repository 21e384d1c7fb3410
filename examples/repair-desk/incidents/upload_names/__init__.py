"""Security: stripping `../` once does not keep a path inside its folder."""

from desk.incident import Incident

from . import broken, checks, repaired


def probe(subject, rng):
    name = rng.choice(("....//", "/srv/uploads/", ".../...//")) + rng.choice(
        ("rival/a.png", "keys.txt")
    )
    code = "from intake.place import place\nprint(place('acme', {!r}))".format(name)
    return code, subject.place("acme", name)


INCIDENT = Incident(
    slug="upload_names",
    kind="security_fix",
    difficulty="hard",
    path="intake/place.py",
    test_path="tests/test_place.py",
    exports="place",
    broken=broken,
    repaired=repaired,
    checks=checks,
    others={
        "intake/receive.py": (
            "from intake.place import is_image, place\n\n\n"
            "def receive(tenant, upload, disk):\n"
            "    path = place(tenant, upload.filename)\n"
            "    disk.write(path, upload.body)\n"
            "    return {'path': path, 'thumbnail': is_image(path)}\n"
        ),
    },
    openings={
        "repair": (
            "One tenant managed to overwrite another tenant's logo by means of a crafted filename. "
            "Uploads have to stay below their own folder, whatever they are called.",
            "Harden intake/place.py against traversal. The single replace of dot-dot-slash looks "
            "easy to trick, absolute names even more so.",
        ),
        "diagnose": (
            "Can an upload escape /srv/uploads/<tenant>? Try doubled sequences and leading slashes "
            "and give me concrete paths.",
        ),
        "guard": (
            "Security wants evidence: extend test_place.py by an attack on upload placement that "
            "succeeds at present.",
        ),
        "review": (
            "Traversal hardening uses normpath followed by a prefix comparison. Is tenant 'acme' "
            "protected from 'acme2', and what of backslashes?",
        ),
    },
    search=r"place\(|replace",
    anchor='name.replace("../", "")',
    suspicion="removing a forbidden piece of text once can create that very piece again",
    finding="`replace` runs once over the text and `join` restarts at any absolute name",
    cause="Deleting `../` from `....//` leaves `../` behind, and posixpath.join drops everything "
    "before an absolute name. Both leave the tenant's folder.",
    remedy="normalise the joined path and accept it only below the tenant's own folder",
    caveat="Links inside the folder are not followed here, so the storage layer must not "
    "create any.",
    reply="The prefix ends in a slash, so acme2 does not count as acme, and backslashes "
    "become slashes before normalising.",
    probe=probe,
    tags=("security", "path-traversal", "bug"),
)
