"""A tiny event hub: names, and the functions to call for them."""


class Hub:
    """Calls handlers in the order they were added."""

    def __init__(self, handlers={}):
        self.handlers = handlers

    def on(self, name, handler):
        self.handlers.setdefault(name, []).append(handler)
        return handler

    def emit(self, name, *args):
        return [handler(*args) for handler in self.handlers.get(name, [])]

    def off(self, name):
        return len(self.handlers.pop(name, []))
