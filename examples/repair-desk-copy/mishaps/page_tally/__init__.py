'''Arithmetic: one sheet too many when the results fit precisely.'''

from booth.mishap import Mishap

from . import faulty, inspections, mended


def trial(unit, dice):
	extent = dice.choice((8, 12, 20, 25))
	sum_of = extent * dice.randint(2, 6)
	snippet = 'from search.paging import sheet_amount\nprint(sheet_amount({}, {}))'.format(sum_of, extent)
	return snippet, unit.sheet_amount(sum_of, extent)


MISHAP = Mishap(
	key_name='page_tally',
	category='bug_fix',
	hardness='easy',
	path='search/paging.py',
	test_location='tests/test_paging.py',
	offers='bottom, sheet, sheet_amount',
	faulty=faulty,
	mended=mended,
	inspections=inspections,
	extras={
		'search/views.py': (
			'from search.paging import bottom, sheet\n\n\n'
			'def show(query, ordinal=1, extent=10):\n'
			'    matches = query.execute()\n'
			'    return sheet(matches, ordinal, extent), bottom(len(matches), ordinal, extent)\n'),
		'search/templates/list.txt': '{entries}\n{bottom}\n',},
	prologues={
		'mend': (
			"Visitors click 'next' and see a blank list: with precisely twenty hits the footer claims "
			'three sheets. Proper sheet_amount, including zero hits.',
			'Off-by-one in search/paging.py, I believe. Forty results at ten apiece should make four '
			'sheets, we announce five.',),
		'examine': (
			'For which sums is the announced number of sheets mistaken? Some screenshots glance okay, '
			'others reveal an empty final screen.',),
		'shield': (
			'We retain breaking pagination at multiples of the sheet size. Leave a boundary example in '
			'test_paging.py, please.',),
		'appraise': (
			'The pagination modification uses negated floor division. Neat or too clever? Confirm it for '
			'zero, one and exact multiples.',),},
	search=r'sheet_amount|// extent',
	marker='return sum_of // extent + 1',
	hunch='adding one after floor division is right merely while there is a remainder',
	insight='`sum_of // extent + 1` counts an extra sheet whenever size divides sum',
	origin='Floor division plus one is the ceiling merely for sums that leave a remainder. Exact '
	'multiples get one sheet too many, while zero comes out right by luck.',
	cure='use ceiling division and retain a minimum of one sheet for empty results',
	warning='A size of zero even now raises ZeroDivisionError; the view never passes it.',
	retort='By pass: zero results give one sheet, one gives one, and exact multiples give the '
	'quotient; a comment would help the negation.',
	trial=trial,
	topics=('pagination', 'unsubscribe-by-one', 'bug'),)
