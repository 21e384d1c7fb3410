'''Time zones: the offset is thrown away instead of applied.'''

from booth.mishap import Mishap

from . import faulty, inspections, mended


def trial(unit, dice):
	timestamp_x = '2024-0{}-15T0{}:20:00+0{}:00'.format(
		dice.randint(1, 9), dice.randint(0, 2), dice.randint(4, 9))
	snippet = 'from meter.days import utc_date_of\nprint({!r}, utc_date_of({!r}))'.format(timestamp_x, timestamp_x)
	return snippet, timestamp_x + ' ' + unit.utc_date_of(timestamp_x)


MISHAP = Mishap(
	key_name='date_drawers',
	category='bug_fix',
	hardness='hard',
	path='meter/days.py',
	test_location='tests/test_days.py',
	offers='per_date_of, utc_date_of',
	faulty=faulty,
	mended=mended,
	inspections=inspections,
	extras={
		'meter/upload.py': (
			'from meter.days import per_date_of\n\n\n'
			'def summary(site):\n'
			'    # Loggers send local wall time with its offset.\n'
			'    return {site.name: per_date_of(site.samples)}\n'),
		'meter/__init__.py': '',},
	prologues={
		'mend': (
			'Daily energy sums from our Helsinki loggers disagree with the grid operator: '
			'readings shortly after midnight land on the mistaken date. Kindly make UTC days proper.',
			'Since summer time began, per_date_of double counts some nights and starves others. Sites '
			'in London glance right, sites further east do not.',),
		'examine': (
			'Explain why 00:30+02:00 gets filed under the local date although utc_date_of promises UTC. '
			'Reveal me an actual figure ahead of concluding something.',),
		'shield': (
			"I'd like coverage for time stamps with large positive offsets in tests/test_days.py; "
			'today nothing there crosses midnight.',),
		'appraise': (
			"There's a patch that calls astimezone inside utc_date_of. Check whether it too deals "
			'with stamps lacking an offset, since old firmware sends those.',),},
	search=r'fromisoformat|tzinfo|utc_date_of\(',
	marker='replace(tzinfo=None)',
	hunch='readings move merely for eastern sites, which smells like an offset being dropped',
	insight='`replace(tzinfo=None)` keeps the wall watch and discards the distance lacking '
	'converting',
	origin='The offset is parsed and afterwards removed with `replace`, which modifications no hour. The date '
	'that remains is the local one, so nights east of Greenwich count for the following day.',
	cure='convert with `astimezone(timezone.utc)` and refuse stamps that carry no offset',
	warning='Sums by now stored retain their mistaken day until they are recomputed from raw '
	'samples.',
	retort='Stamps without an offset are refused with a ValueError, so old firmware fails '
	'loudly and is not guessed at.',
	trial=trial,
	topics=('timezone', 'datetime', 'bug'),)
