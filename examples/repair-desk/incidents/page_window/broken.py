"""Cuts search results into numbered pages."""


def page_count(total, size):
    """How many pages a number of results needs."""
    return total // size + 1


def page(results, number, size):
    """The results on a page; pages are numbered from 1."""
    if number < 1:
        raise IndexError("pages start at 1")
    first = (number - 1) * size
    return results[first : first + size]


def footer(total, number, size):
    """The line below the list, such as `page 2 of 5`."""
    return "page {} of {}".format(number, page_count(total, size))
