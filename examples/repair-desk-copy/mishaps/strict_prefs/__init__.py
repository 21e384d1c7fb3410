'''Error handling: a broad except turns typing mistakes into silent defaults.'''

from booth.mishap import Mishap

from . import faulty, inspections, mended


def trial(unit, dice):
	content_text = '{{"copies": {}, "queue": "floor{}",}}'.format(dice.randint(2, 9), dice.randint(1, 5))
	snippet = 'from printer.prefs import outline_of, load\nprint(outline_of(load({!r})))'.format(content_text)
	return snippet, unit.outline_of(unit.load(content_text))


MISHAP = Mishap(
	key_name='strict_prefs',
	category='error_handling',
	hardness='easy',
	path='printer/prefs.py',
	test_location='tests/test_settings.py',
	offers='outline_of, load',
	faulty=faulty,
	mended=mended,
	inspections=inspections,
	extras={
		'printer/serve.py': (
			'from pathlib import Path\n\nfrom printer.prefs import outline_of, load\n\n\n'
			'def begin(path, journal):\n'
			'    prefs = load(Path(path).read_text())\n'
			'    journal.info(outline_of(prefs))\n'
			'    return prefs\n'),},
	prologues={
		'mend': (
			'I left a stray comma in prefs.json and the print server quietly used defaults; it '
			'cost me an afternoon. Mistakes there should stop the start with a row number.',
			'load() swallows all of it. Misspelt names, broken JSON, lists instead of objects: all '
			'should be told to the operator. Merely an empty document may mean defaults.',),
		'examine': (
			'Operators swear they configured another queue, but the journal says queue=start_up. What kinds '
			'of documents lead to that outcome?',),
		'shield': (
			'Kindly demonstrate, in tests/test_settings.py, that malformed JSON is currently '
			'ignored by the printer configuration loader.',),
		'appraise': (
			'New BadSettings exception on the side branch. Verify messages are actionable and blank '
			'documents are tolerated as ahead of.',),},
	search=r'except|load\(',
	marker='except Exception',
	hunch='defaults appearing without any notice usually mean an exception was swallowed',
	insight='`except Exception` answers each mistake in the document with the defaults',
	origin='Studying and merging sit in one try block whose broad except returns the defaults. '
	'A stray comma is thus treated like an absent document, and unknown names are merged unseen.',
	cure='catch merely the decoding error, name the row, and refuse non-objects and unknown names',
	warning='Servers whose documents were broken all along will at present refuse to start; announce it.',
	retort='Messages name the row or the setting, and blank wording even now means defaults.',
	trial=trial,
	topics=('error-handling', 'configuration', 'bug'),)
