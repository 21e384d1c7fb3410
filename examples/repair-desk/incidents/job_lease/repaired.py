"""Workers lease jobs from a shared table so that each job runs once."""


class Table:
    """Key-value rows; `put_if` writes only while the row is still as expected."""

    def __init__(self):
        self.rows = {}

    def get(self, key):
        return self.rows.get(key)

    def put(self, key, value):
        self.rows[key] = value

    def put_if(self, key, expected, value):
        if self.rows.get(key) != expected:
            return False
        self.rows[key] = value
        return True


def claim(table, job, worker):
    """Try to lease a job; True means this worker must run it."""
    # One conditional write: a separate read would leave a gap for others.
    return table.put_if(job, None, worker)


def release(table, job, worker):
    """Give a lease back, but only one's own."""
    return table.put_if(job, worker, None)
