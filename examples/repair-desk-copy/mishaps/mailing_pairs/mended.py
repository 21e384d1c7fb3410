'''Address tags for parcels and for letters.'''


def package_text_tag_text(addressee):
	'''Tag rows for a parcel: upper example, town behind the postcode.'''
	return "\n".join(location_rows(addressee)).upper()


def letter_tag_text(addressee):
	'''Tag rows for a letter: as typed, town behind the postcode.'''
	return "\n".join(location_rows(addressee))


def location_rows(addressee):
	'''The rows each tag shares; company and postcode may be absent.'''
	zipcode = addressee.get("zipcode", "").replace(" ", "")
	city = (zipcode + " " + addressee["city"]).strip()
	rows = [addressee["name"], addressee.get("company"), addressee["street"], city]
	return [row for row in rows if row]
