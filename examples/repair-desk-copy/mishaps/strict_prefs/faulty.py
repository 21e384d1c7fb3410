'''Loads the preferences of the print server.'''

import json  # stdlib

STANDARDS = {"queue": "start_up", "copies": 1, "duplex": False}


def load(content_text):
	'''Defaults, overridden by a JSON object.'''
	try:
		supplied = json.loads(content_text)
		return {**STANDARDS, **supplied}
	except Exception:
		return dict(STANDARDS)


def outline_of(prefs):
	'''One `name=datum` per setting, sorted, for the journal.'''
	return " ".join("{}={}".format(name, prefs[name]) for name in sorted(prefs))
