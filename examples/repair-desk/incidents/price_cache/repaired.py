"""Prices with a small cache in front of the slow catalogue."""


class Prices:
    """Looks prices up per currency and remembers them for a while."""

    def __init__(self, catalogue, clock, lifetime=60):
        self.catalogue = catalogue
        self.clock = clock
        self.lifetime = lifetime
        self.kept = {}

    def get(self, sku, currency="EUR"):
        key = (sku, currency)
        held = self.kept.get(key)
        if held and self.clock() - held[1] < self.lifetime:
            return held[0]
        price = self.catalogue.price(sku, currency)
        self.kept[key] = (price, self.clock())
        return price

    def update(self, sku, price, currency="EUR"):
        self.catalogue.store(sku, price, currency)
        self.kept.pop((sku, currency), None)
