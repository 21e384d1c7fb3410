'''Validation: quantities are trusted as they come.'''

from booth.mishap import Mishap

from . import faulty, inspections, mended


def trial(unit, dice):
	rows = [{'article': dice.choice(('tea', 'mug', 'filter')), 'count_of': -dice.randint(2, 9)}]
	snippet = 'from shop.entry import entry\nprint(entry({!r}))'.format(rows)
	return snippet, unit.entry(rows)


MISHAP = Mishap(
	key_name='order_counts',
	category='input_validation',
	hardness='easy',
	path='shop/entry.py',
	test_location='tests/test_intake.py',
	offers='entry',
	faulty=faulty,
	mended=mended,
	inspections=inspections,
	extras={
		'shop/api.py': (
			'from shop.entry import entry\n\n\n'
			'def post_order(petition):\n'
			'    try:\n'
			"        return 201, {'sum_of': entry(petition.json['rows'])}\n"
			'    except ValueError as error:\n'
			"        return 422, {'detail': str(error)}\n"),},
	prologues={
		'mend': (
			'A buyer ordered minus three mugs and received a refund voucher. Reject nonsense '
			'quantities at the door with a 422, never a traceback.',
			'Penetration report, item 4: /orders accepts negative and fractional amounts. Tighten '
			'shop/entry.py accordingly and retain valid sums identical.',),
		'examine': (
			'Enumerate what figures the count field may take today without being refused, and '
			'what sum each would yield.',),
		'shield': (
			'Put negative amounts under test in the shop package so the validation ticket has an '
			'objective finish row.',),
		'appraise': (
			'Validation for sequence rows is up on a side branch. Does `True` slip through as one, and '
			'are unknown items answered properly?',),},
	search=r'count_of|ValueError',
	marker='def row_sum_of',
	hunch='the merely conversion in sight is int(), which happily takes negatives and fractions',
	insight='`int(row["count_of"])` cuts fractions and lets negatives through to the sum',
	origin='The count goes through int() and straight into a product. Negative figures make '
	'negative sums, 1.9 becomes 1, and an unknown item escapes as KeyError, hence status 500.',
	cure='check type and range in one routine and raise the ValueError the API by now maps',
	warning='Numbers sent as wording, such as "2", are refused at present; the shop front end sends integers.',
	retort='True is refused explicitly since bool is a kind of int, and unknown items at present '
	'raise ValueError, hence 422.',
	trial=trial,
	topics=('validation', 'security', 'api'),)
