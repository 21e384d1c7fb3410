"""Calls a flaky service again when that can help."""


class Refused(Exception):
    """The service answered and said no; asking again changes nothing."""


class Unreachable(Exception):
    """The service did not answer in time."""


def call(action, sleep, tries=4, pause=0.5):
    """Run an action, pausing twice as long after each failure."""
    for attempt in range(1, tries + 1):
        try:
            return action()
        except Unreachable as error:
            if attempt == tries:
                raise Unreachable("gave up after {} tries".format(tries)) from error
        sleep(pause * 2 ** (attempt - 1))
