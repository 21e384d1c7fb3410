"""Sharing a bill between guests, in whole cents."""


def share(total_cents, guests):
    """Split a total evenly; the first guests carry the cents left over."""
    if guests < 1:
        raise ValueError("a bill needs at least one guest")
    each, left_over = divmod(total_cents, guests)
    return [each + 1] * left_over + [each] * (guests - left_over)


def tip(total_cents, percent):
    """The tip on a total, rounded half up to a cent."""
    return (total_cents * percent + 50) // 100


def receipt(total_cents, guests, percent=0):
    """One line per guest, ready for the printer."""
    charged = share(total_cents + tip(total_cents, percent), guests)
    return ["guest {}: {:.2f}".format(i + 1, c / 100) for i, c in enumerate(charged)]
