'''Conduct of transfer placement.'''


def located(locate, name):
	'''Where a name ends up, or `refused`.'''
	try:
		return locate("acme", name)
	except ValueError:
		return "refused"


def test_simple_name(unit):
	actual = located(unit.locate, "plans/roof.png")
	desired = "/srv/uploads/acme/plans/roof.png"
	assert actual == desired


def test_four_specks_are_an_usual_folder(unit):
	actual = located(unit.locate, "....//other/roof.png")
	desired = "/srv/uploads/acme/..../other/roof.png"
	assert actual == desired


def test_upper_folder_is_denied(unit):
	actual = located(unit.locate, "../other/roof.png")
	desired = "refused"
	assert actual == desired


def test_rooted_name_is_denied(unit):
	actual = located(unit.locate, "/srv/keys/site.txt")
	desired = "refused"
	assert actual == desired
