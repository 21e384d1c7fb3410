'''Chooses where an uploaded document is stored.'''

import posixpath  # stdlib

TOP = "/srv/uploads"


def locate(client_id, name):
	'''The path for a tenant's transfer, keeping the name it came with.'''
	base = posixpath.join(TOP, client_id)
	path = posixpath.normpath(posixpath.join(base, name.replace("\\", "/")))
	if not path.startswith(base + "/"):
		raise ValueError("name leaves the upload folder: " + name)
	return path


def is_picture(name):
	'''Whether thumbnails are made for a document.'''
	return posixpath.splitext(name)[1].lower() in (".png", ".jpg", ".webp")
