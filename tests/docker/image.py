#!/usr/bin/env python3
"""Makes a small container image from this machine, for engines without a network.

    tests/docker/image.py [TAG]        TAG is python:3.12-slim unless given

It holds a Python (the interpreter that DFAB_PYTHON names, else the one this script runs in), what that loads, a
shell and a few tools, and nothing else. An image of that name is left as it is. Whoever has a network runs
`docker pull python:3.12-slim` instead: the tests take any image with python3, sh and coreutils.
"""

import glob
import io
import os
import subprocess
import sys
import tarfile

DOCKER = os.environ.get("DFAB_TEST_DOCKER_BIN", "docker")
# What the line that runs in the container calls, and what tests use to look around.
TOOLS = ["sh", "env", "stat", "base64", "sleep", "cat", "ls", "id", "head", "rm", "true", "chmod"]
# Of no use to a harness, and most of a Python's size.
NOT_NEEDED = {"test", "tests", "idlelib", "lib2to3", "ensurepip", "turtledemo", "tkinter", "site-packages", "pydoc_data"}
LAYOUT = "import sys, sysconfig; print(sys.executable, sys.base_prefix, sysconfig.get_path('stdlib'), *sys.version_info[:2])"


def main():
    tag = sys.argv[1] if len(sys.argv) > 1 else "python:3.12-slim"
    known = subprocess.run([DOCKER, "image", "inspect", tag], capture_output=True)
    if known.returncode == 0:
        print(f"{tag} is there already")
        return
    python = os.environ.get("DFAB_PYTHON", sys.executable)
    answer = subprocess.run([python, "-I", "-c", LAYOUT], check=True, capture_output=True, text=True)
    executable, prefix, library, major, minor = answer.stdout.split()
    importer = subprocess.Popen([DOCKER, "import", "-", tag], stdin=subprocess.PIPE)
    with tarfile.open(fileobj=importer.stdin, mode="w|") as image:
        fill(image, os.path.realpath(executable), prefix, library, f"python{major}.{minor}")
    importer.stdin.close()
    if importer.wait() != 0:
        sys.exit(f"{DOCKER} import failed")


def fill(image, executable, prefix, library, name):
    for folder in ("tmp", "proc", "sys", "dev", "etc", "workspace"):
        add_folder(image, folder)
    add_text(image, "etc/passwd", "root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n")
    add_text(image, "etc/group", "root:x:0:\nnogroup:x:65534:\n")
    libraries = set()
    for tool in TOOLS:
        path = os.path.realpath(which(tool))
        image.add(path, f"usr/bin/{tool}")
        libraries.update(needed(path))
    # /bin is /usr/bin as in every current distribution, so that a shebang finds its shell.
    add_link(image, "bin", "usr/bin")
    # Where its own path looks for the library: a prefix is found from the place of the executable.
    image.add(executable, f"usr/local/bin/{name}")
    add_link(image, "usr/local/bin/python3", name)
    libraries.update(needed(executable))
    for folder, folders, files in os.walk(library):
        folders[:] = sorted(folder for folder in folders if folder not in NOT_NEEDED and not folder.startswith("config-"))
        inside = os.path.join(f"usr/local/lib/{name}", os.path.relpath(folder, library))
        for file in sorted(files):
            if file.endswith((".opt-1.pyc", ".opt-2.pyc", ".a")):
                continue
            path = os.path.join(folder, file)
            image.add(path, os.path.normpath(os.path.join(inside, file)))
            if file.endswith(".so"):
                libraries.update(needed(path))
    # What programs open by name, and every ordinary image has.
    by_name = ["/usr/share/zoneinfo/UTC", *glob.glob("/usr/lib/locale/C.[uU]*")]
    by_name += (glob.glob("/lib*/libgcc_s.so.1") + glob.glob("/lib*/*/libgcc_s.so.1"))[:1]
    for path in by_name:
        if os.path.exists(path):
            image.add(os.path.realpath(path), path.lstrip("/"))
    for path in sorted(libraries):
        # Under the very name that programs ask for, even where that is a link here. What a Python brings along from
        # its own folder goes where every loader looks.
        known = path.startswith(("/lib", "/usr/lib"))
        image.add(os.path.realpath(path), path.lstrip("/") if known else f"usr/lib/{os.path.basename(path)}")


def needed(path):
    """The shared libraries of a program, the loader included, by the paths it finds them under."""
    answer = subprocess.run(["ldd", path], capture_output=True, text=True).stdout
    words = (word for line in answer.splitlines() for word in line.split())
    return {word for word in words if word.startswith("/") and os.path.exists(word)}


def which(tool):
    for folder in ("/usr/bin", "/bin", "/usr/local/bin"):
        path = os.path.join(folder, tool)
        if os.access(path, os.X_OK):
            return path
    sys.exit(f"this machine has no {tool}")


def add_folder(image, name):
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755
    image.addfile(entry)


def add_link(image, name, target):
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = tarfile.SYMTYPE, target
    image.addfile(entry)


def add_text(image, name, text):
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(text), 0o644
    image.addfile(entry, io.BytesIO(text.encode()))


main()
