'''Arithmetic: an even division that loses or invents pennies.'''

from booth.mishap import Mishap

from . import faulty, inspections, mended


def trial(unit, dice):
	sum_of, diners = dice.choice((1000, 2000, 4000)), dice.choice((3, 6, 7))
	snippet = 'from tables.bill import portion\nprint(sum(portion({}, {})))'.format(sum_of, diners)
	return snippet, sum(unit.portion(sum_of, diners))


MISHAP = Mishap(
	key_name='coin_portions',
	category='bug_fix',
	hardness='easy',
	path='tables/bill.py',
	test_location='tests/test_bill.py',
	offers='slip, portion, gratuity',
	faulty=faulty,
	mended=mended,
	inspections=inspections,
	extras={
		'tables/till.py': (
			'from tables.bill import portion\n\n\n'
			'def close(grid, ledger):\n'
			'    for seat, cents in zip(grid.seats, portion(grid.sum_of, len(grid.seats))):\n'
			'        ledger.charge(seat.card, pennies)\n'),
		'README.md': '# tables\n\nSeating and billing for little restaurants.\n',},
	prologues={
		'mend': (
			'Our evening close is off by a penny or two whenever three people division a 10.00 '
			'cheque. Cards get 3.33 each and the ledger complains. Mend the division.',
			'Accounting found tables where diners together paid more than the cheque. It '
			'occurs with odd party sizes; find the rounding slip and proper it.',),
		'examine': (
			'Where do the absent pennies go when a cheque is divided by three? I merely want an '
			'account I can forward to the bookkeeper, no edits yet.',),
		'shield': (
			'Add a regression test saying that division amounts always sum up to the cheque. A '
			'colleague is by now preparing the correction.',),
		'appraise': (
			'Someone rewrote the cheque splitting with divmod. Is the arithmetic sound for '
			'large parties, and does anybody end up paying two pennies more than others?',),},
	search=r'portion\(',
	marker='apiece = round',
	hunch='rounding each portion on its own would let the portions drift from the sum',
	insight='`portion` rounds one portion and repeats it, so the sum can miss the cheque either way',
	origin='Each portion is rounded separately. With 1000 pennies and 3 diners that charges 999, and '
	'with 500 pennies and 6 diners it charges 498, since nothing hands out the remainder.',
	cure='take quotient and remainder with divmod and give one extra penny to the at first diners',
	warning='Which diners carry the spare pennies is at present fixed by seat sequence; that is a policy '
	'choice.',
	retort='No one pays more than one penny above anybody else, whatever the party size, since '
	'the remainder is always smaller than the number of diners.',
	trial=trial,
	topics=('money', 'rounding', 'bug'),)
