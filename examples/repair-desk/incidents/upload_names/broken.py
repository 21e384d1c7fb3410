"""Chooses where an uploaded file is stored."""

import posixpath

ROOT = "/srv/uploads"


def place(tenant, name):
    """The path for a tenant's upload, keeping the name it came with."""
    return posixpath.join(ROOT, tenant, name.replace("../", ""))


def is_image(name):
    """Whether thumbnails are made for a file."""
    return posixpath.splitext(name)[1].lower() in (".png", ".jpg", ".webp")
