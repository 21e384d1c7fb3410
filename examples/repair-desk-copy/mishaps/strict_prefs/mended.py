'''Loads the preferences of the print server.'''

import json  # stdlib

STANDARDS = {"queue": "start_up", "copies": 1, "duplex": False}


class WrongPrefs(ValueError):
	'''The preferences cannot be used; the notice states where to glance.'''


def load(content_text):
	'''Defaults, overridden by a JSON object; empty wording overrides nothing.'''
	if not content_text.strip():
		return dict(STANDARDS)
	try:
		supplied = json.loads(content_text)
	except json.JSONDecodeError as error:
		raise WrongPrefs("row {}: not valid JSON".format(error.lineno)) from error
	if not isinstance(supplied, dict):
		raise WrongPrefs("prefs must be an object")
	unheard = sorted(set(supplied) - set(STANDARDS))
	if unheard:
		raise WrongPrefs("unheard setting: " + ", ".join(unheard))
	return {**STANDARDS, **supplied}


def outline_of(prefs):
	'''One `name=datum` per setting, sorted, for the journal.'''
	return " ".join("{}={}".format(name, prefs[name]) for name in sorted(prefs))
