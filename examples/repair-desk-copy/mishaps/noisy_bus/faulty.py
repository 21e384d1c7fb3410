'''A minute event bus: names, and the functions to call for them.'''


class Bus:
	'''Calls listeners in the sequence they were added.'''

	def __init__(self, listeners={}):
		self.listeners = listeners

	def subscribe(self, name, listener):
		self.listeners.setdefault(name, []).append(listener)
		return listener

	def fire(self, name, *given_words):
		return [listener(*given_words) for listener in self.listeners.get(name, [])]

	def unsubscribe(self, name):
		return len(self.listeners.pop(name, []))
