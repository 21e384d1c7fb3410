'''Conduct of the daily sums.'''


def test_midday_remains_subscribe_its_date_of(unit):
	actual = unit.utc_date_of("2024-03-31T12:00:00+02:00")
	desired = "2024-03-31"
	assert actual == desired


def test_early_dawn_east_is_prior_day(unit):
	actual = unit.utc_date_of("2024-03-31T00:30:00+02:00")
	desired = "2024-03-30"
	assert actual == desired


def test_one_instant_is_one_bin(unit):
	actual = unit.per_date_of([("2024-05-01T01:00:00+03:00", 2), ("2024-04-30T22:00:00+00:00", 5)])
	desired = {"2024-04-30": 7}
	assert actual == desired
