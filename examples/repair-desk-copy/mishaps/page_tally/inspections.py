'''Conduct of paging.'''


def test_incomplete_ending_sheet(unit):
	actual = unit.sheet_amount(41, 10)
	desired = 5
	assert actual == desired


def test_complete_ending_sheet(unit):
	actual = unit.sheet_amount(40, 10)
	desired = 4
	assert actual == desired


def test_bottom_of_precise_fit(unit):
	actual = unit.bottom(20, 2, 10)
	desired = "sheet 2 of 2"
	assert actual == desired


def test_no_findings_in_still_have_a_sheet(unit):
	actual = unit.bottom(0, 1, 10)
	desired = "sheet 1 of 1"
	assert actual == desired
