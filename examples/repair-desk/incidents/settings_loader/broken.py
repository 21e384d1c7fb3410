"""Loads the settings of the print server."""

import json

DEFAULTS = {"queue": "main", "copies": 1, "duplex": False}


def load(text):
    """Defaults, overridden by a JSON object."""
    try:
        given = json.loads(text)
        return {**DEFAULTS, **given}
    except Exception:
        return dict(DEFAULTS)


def describe(settings):
    """One `name=value` per setting, sorted, for the log."""
    return " ".join("{}={}".format(name, settings[name]) for name in sorted(settings))
