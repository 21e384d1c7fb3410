"""Caching: an incomplete key, and updates that leave the old entry behind."""

from desk.incident import Incident

from . import broken, checks, repaired


def probe(subject, rng):
    fresh = rng.randint(700, 1400)
    code = (
        "from store.prices import Prices\n"
        "from tests.test_prices import Catalogue\n"
        "prices = Prices(Catalogue(), lambda: 0)\n"
        "prices.get('mug'); prices.update('mug', {})\n"
        "print(prices.get('mug'), prices.get('mug', 'SEK'))"
    ).format(fresh)
    prices = subject.Prices(checks.Catalogue(), lambda: 0)
    prices.get("mug")
    prices.update("mug", fresh)
    return code, "{} {}".format(prices.get("mug"), prices.get("mug", "SEK"))


INCIDENT = Incident(
    slug="price_cache",
    kind="cache_invalidation",
    difficulty="medium",
    path="store/prices.py",
    test_path="tests/test_prices.py",
    exports="Prices",
    broken=broken,
    repaired=repaired,
    checks=checks,
    others={
        "store/admin.py": (
            "def reprice(prices, sku, price, currency):\n"
            "    prices.update(sku, price, currency)\n"
            "    return 'new price: {}'.format(prices.get(sku, currency))\n"
        ),
    },
    openings={
        "repair": (
            "After an editor saves a new price, the shop shows the old one for about a minute. "
            "Swedish visitors occasionally see euro figures as well. Both smell of caching.",
            "store/prices.py returns stale amounts following update(), and one currency's number "
            "for another. Make the cache honest without dropping it.",
        ),
        "diagnose": (
            "Two complaints, possibly a single origin: outdated prices and wrong currencies. Work "
            "out whether the cache explains both.",
        ),
        "guard": (
            "I need something red that shows currencies bleeding into one another in the price "
            "cache; the change itself sits in another branch.",
        ),
        "review": (
            "Check the new cache key (sku, currency) on the branch. Anything left that can go stale, "
            "for instance a second process?",
        ),
    },
    search=r"kept|\.update\(",
    anchor="held = self.kept.get",
    suspicion="stale and mixed values both fit a cache whose key or eviction is incomplete",
    finding="entries are kept under the sku alone and `update` never touches them",
    cause="The key lacks the currency, so the first currency asked for answers all of them, and "
    "`update` writes to the catalogue without dropping the remembered price.",
    remedy="key the cache by sku and currency and forget that entry on update",
    caveat="Other processes keep their own cache and still lag by up to the lifetime.",
    reply="Within one process nothing stale is left, but a second process is not told about "
    "updates.",
    probe=probe,
    tags=("cache", "stale-data", "bug"),
)
