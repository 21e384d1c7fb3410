"""Chooses where an uploaded file is stored."""

import posixpath

ROOT = "/srv/uploads"


def place(tenant, name):
    """The path for a tenant's upload, keeping the name it came with."""
    home = posixpath.join(ROOT, tenant)
    path = posixpath.normpath(posixpath.join(home, name.replace("\\", "/")))
    if not path.startswith(home + "/"):
        raise ValueError("name leaves the upload folder: " + name)
    return path


def is_image(name):
    """Whether thumbnails are made for a file."""
    return posixpath.splitext(name)[1].lower() in (".png", ".jpg", ".webp")
