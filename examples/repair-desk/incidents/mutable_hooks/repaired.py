"""A tiny event hub: names, and the functions to call for them."""


class Hub:
    """Calls handlers in the order they were added."""

    def __init__(self, handlers=None):
        given = handlers or {}
        self.handlers = {name: list(added) for name, added in given.items()}

    def on(self, name, handler):
        self.handlers.setdefault(name, []).append(handler)
        return handler

    def emit(self, name, *args):
        return [handler(*args) for handler in self.handlers.get(name, [])]

    def off(self, name):
        return len(self.handlers.pop(name, []))
