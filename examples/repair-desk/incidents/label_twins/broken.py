"""Address labels for parcels and for letters."""


def parcel_label(person):
    """Label lines for a parcel: upper case, town behind the postcode."""
    lines = [person["name"].upper()]
    if person.get("company"):
        lines.append(person["company"].upper())
    lines.append(person["street"].upper())
    town = person["town"].upper()
    if person.get("postcode"):
        town = person["postcode"].replace(" ", "") + " " + town
    lines.append(town)
    return "\n".join(lines)


def letter_label(person):
    """Label lines for a letter: as typed, town behind the postcode."""
    lines = [person["name"]]
    if person.get("company"):
        lines.append(person["company"])
    lines.append(person["street"])
    town = person["town"]
    town = person["postcode"] + " " + town
    lines.append(town)
    return "\n".join(lines)
