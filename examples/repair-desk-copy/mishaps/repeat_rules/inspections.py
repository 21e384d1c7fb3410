'''Conduct of retries, with a clock that merely takes notes.'''


class Backend:
	'''Fails with the given errors in turn, afterwards answers.'''

	def __init__(self, *errors):
		self.errors = list(errors)
		self.invocations = 0

	def inquire(self):
		self.invocations += 1
		if self.errors:
			raise self.errors.pop(0)
		return "ok"


def test_returns_ok_later_a_timeout(unit):
	rest_periods = []
	actual = (unit.invoke(Backend(unit.Offline()).inquire, rest_periods.append), rest_periods)
	desired = ("ok", [0.5])
	assert actual == desired


def test_denial_is_not_redone(unit):
	backend = Backend(unit.Denied("no such client_id"))
	try:
		unit.invoke(backend.inquire, lambda duration: None)
	except unit.Denied:
		pass
	actual = backend.invocations
	desired = 1
	assert actual == desired


def test_no_rest_period_later_the_ending_try(unit):
	rest_periods = []
	try:
		unit.invoke(Backend(*[unit.Offline()] * 9).inquire, rest_periods.append, 3)
	except unit.Offline:
		pass
	actual = rest_periods
	desired = [0.5, 1.0]
	assert actual == desired
