"""Address labels for parcels and for letters."""


def parcel_label(person):
    """Label lines for a parcel: upper case, town behind the postcode."""
    return "\n".join(address_lines(person)).upper()


def letter_label(person):
    """Label lines for a letter: as typed, town behind the postcode."""
    return "\n".join(address_lines(person))


def address_lines(person):
    """The lines every label shares; company and postcode may be missing."""
    postcode = person.get("postcode", "").replace(" ", "")
    town = (postcode + " " + person["town"]).strip()
    lines = [person["name"], person.get("company"), person["street"], town]
    return [line for line in lines if line]
