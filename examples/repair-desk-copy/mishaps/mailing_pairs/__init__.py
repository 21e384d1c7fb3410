'''Duplication: two copies of one routine have drifted apart.'''

from booth.mishap import Mishap

from . import faulty, inspections, mended


def trial(unit, dice):
	addressee = {'name': 'R. Voss', 'street': 'Hafen {}'.format(dice.randint(2, 80)), 'city': 'Kiel'}
	addressee['zipcode'] = '24 {}'.format(dice.randint(103, 159))
	snippet = 'from post.labels import letter_tag_text\nprint(repr(letter_tag_text({!r})))'.format(addressee)
	return snippet, repr(unit.letter_tag_text(addressee))


MISHAP = Mishap(
	key_name='mailing_pairs',
	category='refactor',
	hardness='medium',
	path='post/labels.py',
	test_location='tests/test_labels.py',
	offers='letter_tag_text, package_text_tag_text',
	faulty=faulty,
	mended=mended,
	inspections=inspections,
	extras={
		'post/batch.py': (
			'from post.labels import letter_tag_text, package_text_tag_text\n\n'
			"STYLES = {'parcel': package_text_tag_text, 'letter': letter_tag_text}\n\n\n"
			'def print_all(style, people):\n'
			'    return [STYLES[style](addressee) for addressee in people]\n'),},
	prologues={
		'mend': (
			'post/labels.py contains two nearly identical routines and merely one received the '
			'postcode correction. Merge what they share, retain both public names.',
			"Letters to addresses lacking a postcode crash with KeyError while parcels are fine. I'd "
			'rather see the duplication go than a second copy of the condition.',),
		'examine': (
			'List each difference in conduct between package_text_tag_text and letter_tag_text apart from '
			'capitals. We have to decide which variant is intended.',),
		'shield': (
			'Ahead of refactoring tags I require characterization coverage: letter and parcel should '
			'agree on all of it except upper example.',),
		'appraise': (
			'Could you assess the deduplication of our tag printing? Watch for changed row sequence '
			'and for companies given as empty wording.',),},
	search=r'zipcode|_label\(',
	marker='def letter_tag_text',
	hunch='twin routines usually drift when a correction reaches merely one of the copies',
	insight='the parcel copy guards a absent postcode and strips its blanks, the letter '
	'copy does neither',
	origin='The two routines are copies. The parcel one later learned that a postcode may be absent '
	'or contain blanks; the letter one even now indexes it directly and prints it raw.',
	cure='move the shared rows into one helper and leave merely the capitals to the parcel tag',
	warning='Letters at present lose the blank inside a postcode, precisely as parcels have for a while.',
	retort='Row sequence is unchanged, and an empty company is dropped by the final filter just '
	'as earlier.',
	trial=trial,
	topics=('refactor', 'duplication', 'maintainability'),)
