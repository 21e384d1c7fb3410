'''Flaky tests: a mutable default argument leaks state from one test into the next.'''

from booth.mishap import Mishap

from . import faulty, inspections, mended


def trial(unit, dice):
	name, term = dice.choice(('close', 'rename', 'portion')), dice.choice(('audit', 'mirror', 'thumb'))
	snippet = (
		'from events.bus import Bus\n' 'Bus().subscribe({!r}, lambda: {!r})\n' 'print(Bus().fire({!r}))'
	).format(name, term, name)
	unit.Bus().subscribe(name, lambda: term)
	noticed = unit.Bus().fire(name)
	unit.Bus().unsubscribe(name)
	return snippet, noticed


MISHAP = Mishap(
	key_name='noisy_bus',
	category='flaky_test',
	hardness='medium',
	path='events/bus.py',
	test_location='tests/test_hub.py',
	offers='Bus',
	faulty=faulty,
	mended=mended,
	inspections=inspections,
	extras={
		'events/app.py': (
			'from events.bus import Bus\n\n\n'
			'def begin(deposit):\n'
			'    bus = Bus()\n'
			"    bus.subscribe('save', deposit.reindex)\n"
			'    return bus\n'),
		'setup.cfg': '[tool:pytest]\naddopts = -p randomly\n',},
	prologues={
		'mend': (
			'test_brandnew_bus_is_quiet passes alone yet fails about half the time in CI, depending '
			'on the shuffle. Remove the origin; rerunning is no answer.',
			'Our random ordering plugin exposes something nasty near Bus. A brand-new instance '
			'by now owns listeners from elsewhere. Fix the class, leave the plugin enabled.',),
		'examine': (
			'Tell me what couples the bus tests to each other. Each constructs its own object, so '
			'I fail to see any global involved.',),
		'shield': (
			'Could we get an sequence-independent check showing that dictionaries passed into Bus '
			'remain untouched by later registrations?',),
		'appraise': (
			'A teammate proposes `listeners=None` plus copying the lists for Bus. Is copying '
			'necessary or merely cautious? Kindly check users too.',),},
	search=r'Bus\(|listeners=',
	marker='listeners={}',
	hunch='sequence-dependent failures with fresh instances suggest state shared through the '
	'class',
	insight='`listeners={}` is evaluated once, so all hubs built lacking arguments portion one '
	'dictionary',
	origin='The default dictionary is created when the method is defined and reused by each call. '
	'Whatever one test registers is visible to all later hubs, hence the dependence on sequence.',
	cure='default to None, build a dictionary per instance and copy the lists that are handed in',
	warning='Program text that relied on editing the passed dictionary afterwards would notice; no '
	'caller here does.',
	retort='Copying is necessary: without it a registration would even now alter the lists that a '
	'caller passed in.',
	trial=trial,
	topics=('flaky', 'test-isolation', 'bug'),)
