"""Behaviour of job leases, with the unlucky timing made certain."""


class Interrupted:
    """Lets another worker act right after this one's first look at a row."""

    def __init__(self, table, rival):
        self.table = table
        self.rival = rival

    def get(self, key):
        seen = self.table.get(key)
        rival, self.rival = self.rival, None
        if rival:
            rival(self.table)
        return seen

    def put(self, key, value):
        self.table.put(key, value)

    def put_if(self, key, expected, value):
        return self.table.put_if(key, expected, value)


def test_second_claim_is_refused(subject):
    table = subject.Table()
    got = [subject.claim(table, "mail", "ann"), subject.claim(table, "mail", "bob")]
    want = [True, False]
    assert got == want


def test_released_job_can_be_claimed(subject):
    table = subject.Table()
    subject.claim(table, "mail", "ann")
    got = [subject.release(table, "mail", "ann"), subject.claim(table, "mail", "bob")]
    want = [True, True]
    assert got == want


def test_only_one_of_two_racing_workers_wins(subject):
    table, wins = subject.Table(), []
    rival = lambda shared: wins.append(subject.claim(shared, "mail", "bob"))
    wins.append(subject.claim(Interrupted(table, rival), "mail", "ann"))
    rival(table)
    got = wins.count(True)
    want = 1
    assert got == want
