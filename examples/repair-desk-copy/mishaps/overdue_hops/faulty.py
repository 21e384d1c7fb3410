'''The weekly list of readers with overdue books.'''


class Vault:
	'''Lendings and readers; each lookup costs one round trip.'''

	def __init__(self, lendings, readers):
		self.lendings = lendings
		self.readers = readers
		self.hops = 0

	def lendings_payable_earlier(self, day):
		self.hops += 1
		return [lending_item for lending_item in self.lendings if lending_item["due"] < day]

	def reader(self, ordinal):
		self.hops += 1
		return self.readers[ordinal]

	def readers_by_ordinal(self, ordinals):
		self.hops += 1
		return {ordinal: self.readers[ordinal] for ordinal in ordinals}


def lapsed(vault, today):
	'''(reader name, title) for each lending due ahead of today, by name.'''
	entries = []
	for lending_item in vault.lendings_payable_earlier(today):
		reader = vault.reader(lending_item["reader"])
		entries.append((reader["name"], lending_item["title"]))
	return sorted(entries)
