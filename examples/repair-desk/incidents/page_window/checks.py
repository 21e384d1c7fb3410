"""Behaviour of paging."""


def test_partial_last_page(subject):
    got = subject.page_count(41, 10)
    want = 5
    assert got == want


def test_full_last_page(subject):
    got = subject.page_count(40, 10)
    want = 4
    assert got == want


def test_footer_of_exact_fit(subject):
    got = subject.footer(20, 2, 10)
    want = "page 2 of 2"
    assert got == want


def test_no_results_still_have_a_page(subject):
    got = subject.footer(0, 1, 10)
    want = "page 1 of 1"
    assert got == want
