'''Conduct of chore leases, with the unlucky timing made certain.'''


class Disturbed:
	'''Lets a further agent act right after this one's at first glance at a entry.'''

	def __init__(self, grid, competitor):
		self.grid = grid
		self.competitor = competitor

	def get(self, key):
		noticed = self.grid.get(key)
		competitor, self.competitor = self.competitor, None
		if competitor:
			competitor(self.grid)
		return noticed

	def store_value(self, key, datum):
		self.grid.store_value(key, datum)

	def store_value_if(self, key, awaited, datum):
		return self.grid.store_value_if(key, awaited, datum)


def test_second_obtain_is_denied(unit):
	grid = unit.Grid()
	actual = [unit.obtain(grid, "mail", "ann"), unit.obtain(grid, "mail", "bob")]
	desired = [True, False]
	assert actual == desired


def test_surrendered_chore_can_be_obtained(unit):
	grid = unit.Grid()
	unit.obtain(grid, "mail", "ann")
	actual = [unit.surrender(grid, "mail", "ann"), unit.obtain(grid, "mail", "bob")]
	desired = [True, True]
	assert actual == desired


def test_sole_one_of_two_rushing_agents_victories(unit):
	grid, victories = unit.Grid(), []
	competitor = lambda common: victories.append(unit.obtain(common, "mail", "bob"))
	victories.append(unit.obtain(Disturbed(grid, competitor), "mail", "ann"))
	competitor(grid)
	actual = victories.count(True)
	desired = 1
	assert actual == desired
