'''Conduct of the exporter's command row.'''


def denial(deed, *given_words):
	'''The notice an action refuses its arguments with, None if it accepts them.'''
	try:
		deed(*given_words)
	except ValueError as error:
		return str(error)
	return None


def test_complete_switches(unit):
	actual = unit.interpret(["--output", "a.svg", "--quiet"])
	desired = {"output": "a.svg", "quiet": True}
	assert actual == desired


def test_sole_one_shortening(unit):
	actual = unit.interpret(["--sc", "4"])
	desired = {"scale": "4"}
	assert actual == desired


def test_unclear_shortening_is_denied(unit):
	actual = denial(unit.interpret, ["--out", "a.svg"])
	desired = "--out could be --outline or --output"
	assert actual == desired
