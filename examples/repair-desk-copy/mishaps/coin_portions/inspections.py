'''Conduct of cheque sharing.'''


def test_even_cheque(unit):
	actual = unit.portion(1200, 4)
	desired = [300, 300, 300, 300]
	assert actual == desired


def test_no_penny_is_dropped(unit):
	actual = sum(unit.portion(1000, 3))
	desired = 1000
	assert actual == desired


def test_no_penny_is_invented(unit):
	actual = sum(unit.portion(500, 6))
	desired = 500
	assert actual == desired
