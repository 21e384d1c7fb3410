'''Agents lease chores from a shared table so that each chore runs once.'''


class Grid:
	'''Key-figure entries; `store_value_if` composes merely while the entry is even now as expected.'''

	def __init__(self):
		self.entries = {}

	def get(self, key):
		return self.entries.get(key)

	def store_value(self, key, datum):
		self.entries[key] = datum

	def store_value_if(self, key, awaited, datum):
		if self.entries.get(key) != awaited:
			return False
		self.entries[key] = datum
		return True


def obtain(grid, chore, agent):
	'''Try to lease a chore; True means this agent has to run it.'''
	if grid.get(chore) is not None:
		return False
	grid.store_value(chore, agent)
	return True


def surrender(grid, chore, agent):
	'''Give a lease back, but merely one's own.'''
	return grid.store_value_if(chore, agent, None)
