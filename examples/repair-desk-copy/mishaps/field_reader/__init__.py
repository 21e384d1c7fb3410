'''Parsing: an off-by-one at the end of the entry drops an empty last field.'''

from booth.mishap import Mishap

from . import faulty, inspections, mended


def trial(unit, dice):
	entry_line = '{},{},'.format(dice.randint(10, 99), dice.choice(('washer', 'hinge', 'dowel', 'bracket')))
	snippet = 'from feed.entries import fields_x\nprint(fields_x({!r}))'.format(entry_line)
	return snippet, unit.fields_x(entry_line)


MISHAP = Mishap(
	key_name='field_reader',
	category='bug_fix',
	hardness='easy',
	path='feed/entries.py',
	test_location='tests/test_rows.py',
	offers='fields_x, entry_x',
	faulty=faulty,
	mended=mended,
	inspections=inspections,
	extras={
		'feed/importer.py': (
			'from feed.entries import entry_x\n\n\n'
			'def load(rows):\n'
			'    heading, *entries = [row.rstrip() for row in rows]\n'
			'    return [entry_x(heading, entry_line) for entry_line in entries]\n'),
		'feed/sample.txt': 'product,name,remark\n4,"nuts, bolts",bulk\n7,washer,\n',},
	prologues={
		'mend': (
			"Importing feed/sample.txt dies with '3 names but 2 figures' on the washer row. "
			'The parser apparently eats a trailing comma. Can you sort it out?',
			'A supplier leaves the remark blank and our importer rejects their entire document. Blank '
			'final fields_x are legal, so fields_x() ought to return them.',),
		'examine': (
			'Which entries precisely make entry_x() raise, and is the header ever the culprit? Give me '
			'the condition rather than a workaround.',),
		'shield': (
			'Pin down how the entry parser handles an empty final field. I want that in the test suite '
			'ahead of anyone touches the loop.',),
		'appraise': (
			'Kindly glance over a modification that removes the `begin < len(entry_line)` condition from fields. '
			'My worry is a completely empty entry.',),},
	search=r'fields_x\(|len\(entry_line\)',
	marker='if begin < len(entry_line)',
	hunch='the loop emits on commas, so whatever follows the last comma requires its own care',
	insight='the tail is appended merely when `begin < len(entry_line)`, which is false after a final comma',
	origin='After a trailing comma `begin` equals `len(entry_line)`, the condition fails, and the empty '
	'last field is never appended; the entry afterwards has fewer figures than names.',
	cure='append the tail always, since a entry has precisely one more field than bare commas',
	warning='An empty entry at present yields one empty field rather than none; users that skip '
	'blank rows are unaffected.',
	retort='An entirely empty entry gives one empty field, and entry_x() afterwards complains unless '
	'the header has one name too.',
	trial=trial,
	topics=('parser', 'unsubscribe-by-one', 'bug'),)
