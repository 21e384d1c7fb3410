'''Conduct and cost of the overdue list.'''


def shelf(vault_type, count):
	'''An archive in which each reader has one overdue book.'''
	readers = {n: {"name": "reader {:03}".format(n)} for n in range(count)}
	lendings = [{"reader": n, "title": "lexicon {}".format(n), "due": 5} for n in range(count)]
	return vault_type(lendings, readers)


def test_entries_are_sorted_by_name(unit):
	actual = unit.lapsed(shelf(unit.Vault, 2), 9)
	desired = [("reader 000", "lexicon 0"), ("reader 001", "lexicon 1")]
	assert actual == desired


def test_nothing_lapsed(unit):
	actual = unit.lapsed(shelf(unit.Vault, 3), 5)
	desired = []
	assert actual == desired


def test_turn_hops_do_not_grow(unit):
	vault = shelf(unit.Vault, 60)
	unit.lapsed(vault, 9)
	actual = vault.hops
	desired = 2
	assert actual == desired
