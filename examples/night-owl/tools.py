"""Helpers whose names say less than they do."""

import base64
import importlib
import os
from os import system as wake

import socket

__all__ = ["glance", "run_quietly", "unpack", "wake"]

judge = eval
opener = getattr(os, "po" + "pen")


def unpack(text):
    """Turn disguised text into source again."""
    return base64.b64decode(text).decode()


def glance(path):
    """Read a file outside the package, if it can be had."""
    try:
        with open(path, encoding="utf-8") as source:
            return source.read()
    except OSError:
        return ""


def run_quietly():
    """The same trick under three more names."""
    wake("true")
    worker = importlib.import_module("sub" + "process")
    return judge(unpack("MSArIDE=")), opener("true").read(), worker.run(["true"]).returncode


def anyone_there():
    """Would leave the machine if there were a network."""
    return socket.create_connection(("localhost", 9), timeout=1)
