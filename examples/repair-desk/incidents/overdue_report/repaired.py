"""The weekly list of members with overdue books."""


class Archive:
    """Loans and members; every lookup costs one round trip."""

    def __init__(self, loans, members):
        self.loans = loans
        self.members = members
        self.trips = 0

    def loans_due_before(self, day):
        self.trips += 1
        return [loan for loan in self.loans if loan["due"] < day]

    def member(self, number):
        self.trips += 1
        return self.members[number]

    def members_by_number(self, numbers):
        self.trips += 1
        return {number: self.members[number] for number in numbers}


def overdue(archive, today):
    """(member name, title) for every loan due before today, by name."""
    late = archive.loans_due_before(today)
    members = archive.members_by_number({loan["member"] for loan in late})
    return sorted((members[loan["member"]]["name"], loan["title"]) for loan in late)
