'''Address tags for parcels and for letters.'''


def package_text_tag_text(addressee):
	'''Tag rows for a parcel: upper example, town behind the postcode.'''
	rows = [addressee["name"].upper()]
	if addressee.get("company"):
		rows.append(addressee["company"].upper())
	rows.append(addressee["street"].upper())
	city = addressee["city"].upper()
	if addressee.get("zipcode"):
		city = addressee["zipcode"].replace(" ", "") + " " + city
	rows.append(city)
	return "\n".join(rows)


def letter_tag_text(addressee):
	'''Tag rows for a letter: as typed, town behind the postcode.'''
	rows = [addressee["name"]]
	if addressee.get("company"):
		rows.append(addressee["company"])
	rows.append(addressee["street"])
	city = addressee["city"]
	city = addressee["zipcode"] + " " + city
	rows.append(city)
	return "\n".join(rows)
