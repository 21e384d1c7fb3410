'''Chooses where an uploaded document is stored.'''

import posixpath  # stdlib

TOP = "/srv/uploads"


def locate(client_id, name):
	'''The path for a tenant's transfer, keeping the name it came with.'''
	return posixpath.join(TOP, client_id, name.replace("../", ""))


def is_picture(name):
	'''Whether thumbnails are made for a document.'''
	return posixpath.splitext(name)[1].lower() in (".png", ".jpg", ".webp")
