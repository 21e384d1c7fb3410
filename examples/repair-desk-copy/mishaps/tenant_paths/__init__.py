'''Security: stripping `../` once does not retain a path inside its directory.'''

from booth.mishap import Mishap

from . import faulty, inspections, mended


def trial(unit, dice):
	name = dice.choice(('....//', '/srv/uploads/', '.../...//')) + dice.choice(
		('competitor/a.png', 'keys.txt'))
	snippet = "from entry.locate import locate\nprint(locate('acme', {!r}))".format(name)
	return snippet, unit.locate('acme', name)


MISHAP = Mishap(
	key_name='tenant_paths',
	category='security_fix',
	hardness='hard',
	path='entry/locate.py',
	test_location='tests/test_place.py',
	offers='locate',
	faulty=faulty,
	mended=mended,
	inspections=inspections,
	extras={
		'entry/receive.py': (
			'from entry.locate import is_picture, locate\n\n\n'
			'def receive(client_id, upload, disk):\n'
			'    path = locate(client_id, upload.filename)\n'
			'    disk.write(path, upload.body)\n'
			"    return {'path': path, 'thumbnail': is_picture(path)}\n"),},
	prologues={
		'mend': (
			"One tenant managed to overwrite a further tenant's logo by means of a crafted filename. "
			'Transfers have to stay under their own directory, whatever they are called.',
			'Harden entry/locate.py against traversal. The single replace of dot-dot-slash looks '
			'easy to trick, absolute names even more so.',),
		'examine': (
			'Can an transfer escape /srv/uploads/<tenant>? Try doubled sequences and leading slashes '
			'and give me concrete paths.',),
		'shield': (
			'Security wants proof: extend test_place.py by an attack on transfer placement that '
			'succeeds position current.',),
		'appraise': (
			"Traversal hardening uses normpath followed by a prefix comparison. Is tenant 'acme' "
			"protected from 'acme2', and what of backslashes?",),},
	search=r'locate\(|replace',
	marker='name.replace("../", "")',
	hunch='removing a forbidden piece of wording once can create that very piece once more',
	insight='`replace` runs once over the wording and `join` restarts at any absolute name',
	origin='Deleting `../` from `....//` leaves `../` behind, and posixpath.join drops all of it '
	"ahead of an absolute name. Both leave the tenant's directory.",
	cure="normalise the joined path and accept it merely under the tenant's own directory",
	warning='Links inside the directory are not followed here, so the storage layer has to not '
	'create any.',
	retort='The prefix ends in a slash, so acme2 does not count as acme, and backslashes '
	'become slashes ahead of normalising.',
	trial=trial,
	topics=('security', 'path-traversal', 'bug'),)
