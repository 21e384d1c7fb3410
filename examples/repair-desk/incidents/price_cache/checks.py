"""Behaviour of the price cache."""


class Catalogue:
    """Prices in a dictionary, counting how often it is asked."""

    def __init__(self):
        self.prices = {("mug", "EUR"): 900, ("mug", "SEK"): 10500}
        self.asked = 0

    def price(self, sku, currency):
        self.asked += 1
        return self.prices[sku, currency]

    def store(self, sku, price, currency):
        self.prices[sku, currency] = price


def test_second_look_is_free(subject):
    catalogue = Catalogue()
    prices = subject.Prices(catalogue, lambda: 0)
    prices.get("mug")
    prices.get("mug")
    got = catalogue.asked
    want = 1
    assert got == want


def test_update_is_seen_at_once(subject):
    prices = subject.Prices(Catalogue(), lambda: 0)
    prices.get("mug")
    prices.update("mug", 950)
    got = prices.get("mug")
    want = 950
    assert got == want


def test_currencies_do_not_mix(subject):
    prices = subject.Prices(Catalogue(), lambda: 0)
    prices.get("mug", "EUR")
    got = prices.get("mug", "SEK")
    want = 10500
    assert got == want
