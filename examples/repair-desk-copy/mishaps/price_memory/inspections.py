'''Conduct of the cost stash.'''


class Register:
	'''Costs in a dictionary, counting how often it is asked.'''

	def __init__(self):
		self.costs = {("mug", "EUR"): 900, ("mug", "SEK"): 10500}
		self.inquired = 0

	def cost(self, product, money):
		self.inquired += 1
		return self.costs[product, money]

	def deposit(self, product, cost, money):
		self.costs[product, money] = cost


def test_second_glimpse_is_free(unit):
	register = Register()
	costs = unit.Costs(register, lambda: 0)
	costs.get("mug")
	costs.get("mug")
	actual = register.inquired
	desired = 1
	assert actual == desired


def test_revise_is_noticed_position_once(unit):
	costs = unit.Costs(Register(), lambda: 0)
	costs.get("mug")
	costs.update("mug", 950)
	actual = costs.get("mug")
	desired = 950
	assert actual == desired


def test_moneys_do_not_mix(unit):
	costs = unit.Costs(Register(), lambda: 0)
	costs.get("mug", "EUR")
	actual = costs.get("mug", "SEK")
	desired = 10500
	assert actual == desired
