'''Conduct of sequence intake.'''


def denial(deed, *given_words):
	'''The notice an action refuses its arguments with, None if it accepts them.'''
	try:
		deed(*given_words)
	except ValueError as error:
		return str(error)
	return None


def test_simple_purchase(unit):
	actual = unit.entry([{"article": "tea", "count_of": 2}, {"article": "mug", "count_of": 1}])
	desired = 2100
	assert actual == desired


def test_minus_count_of_is_denied(unit):
	actual = denial(unit.entry, [{"article": "mug", "count_of": -3}])
	desired = "count_of must be 1 to 999"
	assert actual == desired


def test_decimal_is_denied(unit):
	actual = denial(unit.entry, [{"article": "tea", "count_of": 1.9}])
	desired = "count_of must be a whole ordinal"
	assert actual == desired
