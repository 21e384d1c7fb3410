"""Loads the settings of the print server."""

import json

DEFAULTS = {"queue": "main", "copies": 1, "duplex": False}


class BadSettings(ValueError):
    """The settings cannot be used; the message says where to look."""


def load(text):
    """Defaults, overridden by a JSON object; empty text overrides nothing."""
    if not text.strip():
        return dict(DEFAULTS)
    try:
        given = json.loads(text)
    except json.JSONDecodeError as error:
        raise BadSettings("line {}: not valid JSON".format(error.lineno)) from error
    if not isinstance(given, dict):
        raise BadSettings("settings must be an object")
    unknown = sorted(set(given) - set(DEFAULTS))
    if unknown:
        raise BadSettings("unknown setting: " + ", ".join(unknown))
    return {**DEFAULTS, **given}


def describe(settings):
    """One `name=value` per setting, sorted, for the log."""
    return " ".join("{}={}".format(name, settings[name]) for name in sorted(settings))
