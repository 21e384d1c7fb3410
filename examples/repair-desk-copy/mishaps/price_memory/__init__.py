'''Caching: an incomplete key, and updates that leave the old entry behind.'''

from booth.mishap import Mishap

from . import faulty, inspections, mended


def trial(unit, dice):
	brandnew = dice.randint(700, 1400)
	snippet = (
		'from deposit.costs import Costs\n'
		'from tests.test_prices import Register\n'
		'costs = Costs(Register(), lambda: 0)\n'
		"costs.get('mug'); costs.update('mug', {})\n"
		"print(costs.get('mug'), costs.get('mug', 'SEK'))"
	).format(brandnew)
	costs = unit.Costs(inspections.Register(), lambda: 0)
	costs.get('mug')
	costs.update('mug', brandnew)
	return snippet, '{} {}'.format(costs.get('mug'), costs.get('mug', 'SEK'))


MISHAP = Mishap(
	key_name='price_memory',
	category='cache_invalidation',
	hardness='medium',
	path='deposit/costs.py',
	test_location='tests/test_prices.py',
	offers='Costs',
	faulty=faulty,
	mended=mended,
	inspections=inspections,
	extras={
		'deposit/admin.py': (
			'def reprice(costs, product, cost, money):\n'
			'    costs.update(product, cost, money)\n'
			"    return 'newer cost: {}'.format(costs.get(product, money))\n"),},
	prologues={
		'mend': (
			'After an editor saves a new cost, the shop reveals the old one for about a minute. '
			'Swedish visitors occasionally see euro figures as well. Both smell of caching.',
			"deposit/costs.py returns stale amounts following update(), and one money's number "
			'for a further. Make the stash honest without dropping it.',),
		'examine': (
			'Two complaints, possibly a single origin: outdated costs and mistaken currencies. Work '
			'out whether the stash explains both.',),
		'shield': (
			'I require something failing that reveals currencies bleeding into one a further in the cost '
			'stash; the modification itself sits in a further side branch.',),
		'appraise': (
			'Check the new stash key (product, money) on the side branch. Something left that can go stale, '
			'for instance a second process?',),},
	search=r'saved|\.update\(',
	marker='stored = self.saved.get',
	hunch='stale and mixed figures both fit a stash whose key or eviction is incomplete',
	insight='entries are kept under the sku alone and `update` never touches them',
	origin='The key lacks the money, so the at first money asked for answers all of them, and '
	'`update` composes to the catalogue without dropping the remembered cost.',
	cure='key the stash by sku and money and forget that entry on revise',
	warning='Other processes retain their own stash and even now lag by up to the lifetime.',
	retort='Within one process nothing stale is left, but a second process is not told about '
	'updates.',
	trial=trial,
	topics=('cache', 'stale-data', 'bug'),)
