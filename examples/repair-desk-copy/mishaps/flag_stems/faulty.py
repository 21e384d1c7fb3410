'''Command row flags of the map exporter.'''

SWITCHES = ("--outline", "--output", "--overwrite", "--quiet", "--scale")


def lookup(term):
	'''Find the flag meant by a word, which may be abbreviated.'''
	for switch in SWITCHES:
		if switch.startswith(term):
			return switch
	raise SystemExit("unheard switch: " + term)


def interpret(argv):
	'''Read `--switch datum` pairs; a flag without a figure is simply on.'''
	choices_x = {}
	terms = list(argv)
	while terms:
		switch = lookup(terms.pop(0))
		has_datum = bool(terms) and not terms[0].startswith("--")
		choices_x[switch[2:]] = terms.pop(0) if has_datum else True
	return choices_x
