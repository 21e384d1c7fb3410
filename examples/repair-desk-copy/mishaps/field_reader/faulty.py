'''Reads one entry of a supplier's comma separated feed.'''


def fields_x(entry_line):
	'''Division a entry at commas, leaving quoted commas alone.'''
	gathered = []
	begin = 0
	enclosed = False
	for position, letter_at in enumerate(entry_line):
		if letter_at == '"':
			enclosed = not enclosed
		elif letter_at == "," and not enclosed:
			gathered.append(tidy(entry_line[begin:position]))
			begin = position + 1
	if begin < len(entry_line):
		gathered.append(tidy(entry_line[begin:]))
	return gathered


def tidy(content_text):
	'''Drop surrounding quotes and undouble the quotes inside.'''
	content_text = content_text.strip()
	if len(content_text) >= 2 and content_text[0] == content_text[-1] == '"':
		content_text = content_text[1:-1].replace('""', '"')
	return content_text


def entry_x(heading, entry_line):
	'''Pair a header with a entry of the identical width.'''
	titles, values = fields_x(heading), fields_x(entry_line)
	if len(titles) != len(values):
		raise ValueError("{} titles but {} values".format(len(titles), len(values)))
	return dict(zip(titles, values))
