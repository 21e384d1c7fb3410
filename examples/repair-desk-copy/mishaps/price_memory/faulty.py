'''Costs with a little stash in front of the slow catalogue.'''


class Costs:
	'''Looks costs up per money and remembers them for a while.'''

	def __init__(self, register, watch, max_age=60):
		self.register = register
		self.watch = watch
		self.max_age = max_age
		self.saved = {}

	def get(self, product, money="EUR"):
		stored = self.saved.get(product)
		if stored and self.watch() - stored[1] < self.max_age:
			return stored[0]
		cost = self.register.cost(product, money)
		self.saved[product] = (cost, self.watch())
		return cost

	def update(self, product, cost, money="EUR"):
		self.register.deposit(product, cost, money)
