'''Conduct of both kinds of tag.'''

ADDRESSEE = {"name": "Ida Moe", "street": "Kai 4", "city": "Bergen"}


def test_package_text_lacking_zipcode(unit):
	actual = unit.package_text_tag_text(ADDRESSEE)
	desired = "IDA MOE\nKAI 4\nBERGEN"
	assert actual == desired


def test_letter_lacking_zipcode(unit):
	actual = unit.letter_tag_text(ADDRESSEE)
	desired = "Ida Moe\nKai 4\nBergen"
	assert actual == desired


def test_pair_write_the_zipcode_equal(unit):
	addressee = dict(ADDRESSEE, zipcode="50 14", company="Fjord AS")
	actual = unit.letter_tag_text(addressee).upper()
	desired = unit.package_text_tag_text(addressee)
	assert actual == desired
