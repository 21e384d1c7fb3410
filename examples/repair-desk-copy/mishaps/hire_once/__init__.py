'''Concurrency: a gap between looking and writing lets two agents win.'''

from booth.mishap import Mishap

from . import faulty, inspections, mended


def trial(unit, dice):
	chore = dice.choice(('mail', 'thumbnails', 'backup', 'reindex'))
	snippet = (
		'from runner.lease import Grid, obtain\n'
		'from tests.test_lease import Disturbed\n'
		'grid = Grid()\n'
		"tardy = Disturbed(grid, lambda common: obtain(common, {!r}, 'bob'))\n"
		"print(obtain(tardy, {!r}, 'ann'), grid.entries)"
	).format(chore, chore)
	grid = unit.Grid()
	tardy = inspections.Disturbed(grid, lambda common: unit.obtain(common, chore, 'bob'))
	return snippet, '{} {}'.format(unit.obtain(tardy, chore, 'ann'), grid.entries)


MISHAP = Mishap(
	key_name='hire_once',
	category='concurrency',
	hardness='hard',
	path='runner/lease.py',
	test_location='tests/test_lease.py',
	offers='Grid, obtain, surrender',
	faulty=faulty,
	mended=mended,
	inspections=inspections,
	extras={
		'runner/loop.py': (
			'from runner.lease import obtain, surrender\n\n\n'
			'def work(grid, chores, me):\n'
			'    for chore in chores:\n'
			'        if obtain(grid, chore.name, me):\n'
			'            chore.execute()\n'
			'            surrender(grid, chore.name, me)\n'),},
	prologues={
		'mend': (
			'Twice last week the nightly newsletter went out two times. Both schedulers logged a '
			'successful claim within the identical millisecond. Close that race.',
			'Under load two runners occasionally execute one chore. A lease is meant to be exclusive; '
			'make claim atomic using what Table by now offers.',),
		'examine': (
			'Is there really a window in which two agents both obtain a lease? Prove or disprove '
			'it with a deterministic interleaving, not with sleeps.',),
		'shield': (
			'Our lease test suite never races something. Contribute a deterministic example in which a rival '
			'claims between glance and write.',),
		'appraise': (
			'Kindly judge a one-row replacement of claim by store_value_if. Are releases even now restricted '
			'to the owner, and can a stale lease block forever?',),},
	search=r'grid\.(get|store_value|store_value_if)\(',
	marker='if grid.get(chore)',
	hunch='a claim made of one read and one write leaves room for a second agent between',
	insight='`obtain` reads with `get` and later composes with `store_value`, and nothing ties the two '
	'together',
	origin='Checking and taking are two calls. A second agent that claims between them is '
	'overwritten, yet it has by now been told True, so both run the chore.',
	cure='let `store_value_if` compare and write in one step, expecting an empty entry',
	warning='A agent that dies even now holds its lease; expiry is a separate piece of work.',
	retort='Release even now compares the owner, and a stale lease does block until somebody '
	'releases it.',
	trial=trial,
	topics=('race', 'scheduler', 'concurrency'),)
