'''Conduct of the feed parser.'''


def test_enclosed_separator(unit):
	actual = unit.fields_x('7,"nuts, bolts",12')
	desired = ["7", "nuts, bolts", "12"]
	assert actual == desired


def test_blank_ending_field(unit):
	actual = unit.fields_x("7,washer,")
	desired = ["7", "washer", ""]
	assert actual == desired


def test_entry_lacking_comment(unit):
	actual = unit.entry_x("product,name,remark", "7,washer,")
	desired = {"product": "7", "name": "washer", "remark": ""}
	assert actual == desired
