'''Performance: one query per lending where two would do.'''

from booth.mishap import Mishap

from . import faulty, inspections, mended


def trial(unit, dice):
	count = dice.randint(150, 900)
	snippet = (
		'from lending.lapsed import Vault, lapsed\n'
		"readers = {{n: {{'name': str(n)}} for n in range({0})}}\n"
		"lendings = [{{'reader': n, 'title': 't', 'due': 1}} for n in range({0})]\n"
		'vault = Vault(lendings, readers)\n'
		"print(len(lapsed(vault, 2)), 'entries', vault.hops, 'hops')"
	).format(count)
	readers = {n: {'name': str(n)} for n in range(count)}
	vault = unit.Vault(
		[{'reader': n, 'title': 't', 'due': 1} for n in range(count)], readers)
	return snippet, '{} entries {} trips'.format(len(unit.lapsed(vault, 2)), vault.hops)


MISHAP = Mishap(
	key_name='overdue_hops',
	category='performance',
	hardness='medium',
	path='lending/lapsed.py',
	test_location='tests/test_overdue.py',
	offers='Vault, lapsed',
	faulty=faulty,
	mended=mended,
	inspections=inspections,
	extras={
		'lending/weekly.py': (
			'from lending.lapsed import lapsed\n\n\n'
			'def mail_list(vault, watch):\n'
			"    return ['{}: {}'.format(*entry_line) for entry_line in lapsed(vault, watch.today())]\n"),},
	prologues={
		'mend': (
			"Monday's overdue mailing takes eleven minutes at the main library and seconds at the "
			'side branch. Profiling blames database latency. Cut the number of queries.',
			'lapsed() issues a lookup per lending. Archive has a bulk method no one calls; use it and '
			'prove that output stays byte for byte the identical.',),
		'examine': (
			'How does the count of round trips grow with lendings in the weekly report? Measure, afterwards '
			"state the formula; I'll schedule the work afterwards.",),
		'shield': (
			'Protect the overdue report from N+1 regressions: assert on vault.hops, so that a '
			"per-lending lookup can't sneak in once more.",),
		'appraise': (
			'Have a glance at the bulk-loading rewrite of overdue. I wonder about readers with many '
			'lendings and about weeks in which nothing is tardy.',),},
	search=r'vault\.\w+\(|hops',
	marker='def lapsed',
	hunch='time that scales with lendings rather than entries points at a lookup inside the loop',
	insight='the loop calls `vault.reader` once per lending, so n tardy lendings cost n + 1 trips',
	origin='Each overdue lending triggers its own reader lookup. The work is trivial but each trip pays '
	'network latency, which is why merely the large library suffers.',
	cure='collect the reader numbers at first and fetch them together, two trips whatever the size',
	warning="A very large set of numbers may exceed the database's parameter limit; batching "
	'would help then.',
	retort='Readers with many lendings are fetched once thanks to the set; an idle week costs one '
	'needless trip with no numbers.',
	trial=trial,
	topics=('performance', 'n-plus-one', 'benchmark'),)
