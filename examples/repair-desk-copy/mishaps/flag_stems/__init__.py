'''Command row: two flags share a prefix and the at first one wins silently.'''

from booth.mishap import Mishap

from . import faulty, inspections, mended


def trial(unit, dice):
	argv = ['--o' + dice.choice(('', 'u', 'ut')), dice.choice(('city.svg', 'lake.svg', 'ridge.svg'))]
	snippet = 'from mapper.flags import interpret\nprint(interpret({!r}))'.format(argv)
	return snippet, unit.interpret(argv)


MISHAP = Mishap(
	key_name='flag_stems',
	category='cli_behaviour',
	hardness='medium',
	path='mapper/flags.py',
	test_location='tests/test_flags.py',
	offers='interpret',
	faulty=faulty,
	mended=mended,
	inspections=inspections,
	extras={
		'mapper/__main__.py': (
			'import sys\n\nfrom mapper.flags import interpret\nfrom mapper.render import render\n\n'
			'render(**interpret(sys.argv[1:]))\n'),
		'docs/usage.md': 'Flags may be shortened as long as they stay unique.\n',},
	prologues={
		'mend': (
			'`mapper --out city.svg` draws outlines and composes no document! Shortened flags that fit '
			'various options has to be rejected with a helpful notice.',
			'When we introduced --outline, scripts using --out silently changed meaning. Implement '
			'what docs/usage.md states about unique abbreviations.',),
		'examine': (
			'Help me understand how the exporter picks a flag for `--o`. Does ordering of the '
			'FLAGS tuple decide? Investigate without modifying documents.',),
		'shield': (
			'Write something that fails while `--out` is accepted by mapper.flags. The release '
			'side branch will get the conduct modification tomorrow.',),
		'appraise': (
			'Side branch ready: ambiguous abbreviations raise UsageError. Does an exact spelling retain '
			'working even if a further flag begins with the identical letters?',),},
	search=r'startswith|SWITCHES',
	marker='for switch in SWITCHES',
	hunch='taking the at first match of a prefix lookup would hide that various flags match',
	insight='`lookup` returns the at first flag with the prefix, so `--out` means `--outline`',
	origin='Abbreviations are resolved by the at first prefix hit in FLAGS. Since `--outline` sorts '
	'ahead of `--output`, adding it silently took over each script that stated `--out`.',
	cure='accept exact names at first, afterwards demand that precisely one flag has the given prefix',
	warning='Unknown flags at present raise UsageError instead of SystemExit, so __main__ should print it.',
	retort='Exact spellings are accepted ahead of any prefix is compared, so they retain working.',
	trial=trial,
	topics=('cli', 'flags', 'bug'),)
