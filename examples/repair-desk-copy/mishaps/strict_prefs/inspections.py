'''Conduct of the preferences loader.'''


def result(load, content_text):
	'''The preferences, or the notice they are refused with.'''
	try:
		return load(content_text)
	except ValueError as error:
		return str(error)


def test_replacement(unit):
	actual = unit.outline_of(unit.load('{"copies": 3}'))
	desired = "copies=3 duplex=False queue=start_up"
	assert actual == desired


def test_blank_file_means_standards(unit):
	actual = unit.load("")["queue"]
	desired = "start_up"
	assert actual == desired


def test_lone_separator_is_announced_with_its_row(unit):
	actual = result(unit.load, '{\n  "copies": 3,,\n}')
	desired = "row 2: not valid JSON"
	assert actual == desired


def test_mistyped_name_is_announced(unit):
	actual = result(unit.load, '{"copys": 3}')
	desired = "unheard setting: copys"
	assert actual == desired
