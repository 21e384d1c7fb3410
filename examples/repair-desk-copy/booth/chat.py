'''Holds dialogues: which step follows which, and what goes into the entry.'''

from booth.sayings import SayingsBook
from booth.workshop import counted, joined

GADGET_CONTENTS_OF = {
	'list_dir': ('List the documents of the checkout with their sizes.', ('path',)),
	'grep': ('Lookup all documents for a regular expression.', ('needle',)),
	'read': ('Read a range of rows of a document.', ('path', 'begin', 'finish')),
	'python': ('Run a short Python snippet inside the checkout.', ('snippet',)),
	'test': ('Run a test document and report failures.', ('path',)),
	'edit': ('Replace a piece of a document by a further.', ('path', 'former', 'newer')),
	'bash': ('Run a shell command in the checkout.', ('shell_line',)),}

MEND_TRACKS = (
	('grep', 'read', 'execute', 'edit', 'second_run'),
	('read', 'execute', 'edit', 'second_run'),
	('execute', 'read', 'edit', 'second_run'),
	('list', 'read', 'execute', 'edit', 'second_run'),
	('grep', 'read', 'trial', 'edit', 'second_run'),
	('execute', 'grep', 'read', 'edit', 'second_run'),)
EXAMINE_TRACKS = (
	('read', 'trial'),
	('grep', 'read', 'trial'),
	('execute', 'read', 'trial'),
	('list', 'read', 'trial'),)
SORTS = {'examine': 'root_cause_analysis', 'shield': 'regression_test', 'appraise': 'code_review'}


class ProtocolX:
	'''Messages in sequence, and the tools they used.'''

	def __init__(self):
		self.notices = []
		self.employed = []

	def client(self, body):
		self.notices.append({'role': 'user', 'content': body})

	def utter(self, body, rationale):
		notice = {'role': 'assistant', 'content': body, 'reasoning': rationale}
		self.notices.append(notice)
		return notice

	def invoke(self, body, rationale, gadget, parameters, response):
		'''An assistant notice with one tool call, and the tool's answer.'''
		token_x = 'call_{}'.format(len(self.notices))
		petition = {'id': token_x, 'name': gadget, 'arguments': parameters}
		self.utter(body, rationale)['tool_calls'] = [petition]
		self.notices.append({'role': 'tool', 'name': gadget, 'content': response})
		if gadget not in self.employed:
			self.employed.append(gadget)


class Booth:
	'''Turns an mishap and a workflow into one dialogue.'''

	def __init__(self, dice):
		self.dice = dice
		self.lexicon = SayingsBook(dice)

	def conduct(self, stand, procedure):
		chore = Chore(self, stand, procedure)
		prologue = self.prologue(stand.mishap, procedure)
		chore.journal.client(prologue)
		final = getattr(chore, procedure)()
		return chore.entry_x(prologue, final)

	def prologue(self, mishap, procedure):
		request_note = 'wish_change' if procedure in ('mend', 'shield') else 'wish_answer'
		return self.dice.choice(mishap.prologues[procedure]) + self.lexicon.draw(request_note)


class Chore:
	'''One dialogue in the making.'''

	def __init__(self, booth, stand, procedure):
		self.dice = booth.dice
		self.lexicon = booth.lexicon
		self.stand = stand
		self.procedure = procedure
		self.journal = ProtocolX()
		mishap = stand.mishap
		goal = stand.breakages()[0]
		self.goal = goal.name
		self.details = {
			'path': mishap.path,
			'unit_name': mishap.path[:-3].replace('/', '.'),
			'test_location': mishap.test_location,
			'search': mishap.search,
			'hunch': mishap.hunch,
			'insight': mishap.insight,
			'origin': mishap.origin,
			'cure': mishap.cure,
			'warning': mishap.warning,
			'retort': mishap.retort,
			'goal': goal.name,
			'error_line': '`{}`'.format(goal.error),}

	def terms(self, pile):
		return self.lexicon.draw(pile, **self.details)

	def move(self, pile, gadget, parameters, response):
		self.journal.invoke(self.terms(pile), self.terms(pile + '_why'), gadget, parameters, response)

	def close(self, pile):
		content_text = self.terms(pile)
		self.journal.utter(content_text, self.terms(pile + '_why'))
		return content_text

	def duration(self):
		return self.dice.randint(2, 19) / 100

	# Steps that various workflows share.

	def list(self):
		self.move('list', 'list_dir', {'path': '.'}, self.stand.enumerate_all_dir())

	def grep(self, pile='grep', mended=False):
		needle = self.stand.mishap.search
		self.move(pile, 'grep', {'needle': needle}, self.stand.grep(needle, mended))

	def read(self):
		begin, finish = self.stand.slice_of()
		path = self.stand.mishap.path
		parameters = {'path': path, 'begin': begin, 'finish': finish}
		self.move('read', 'read', parameters, self.stand.read(path, begin, finish))

	def execute(self, pile='execute', mended=False, lacking=()):
		summary = self.stand.summary(mended, self.duration(), lacking)
		self.move(pile, 'test', {'path': self.stand.mishap.test_location}, summary)

	def second_run(self):
		self.execute('second_run', mended=True)

	def trial(self):
		snippet, datum = self.stand.mishap.trial(self.stand.mishap.faulty, self.dice)
		self.move('trial', 'python', {'snippet': snippet}, '{}'.format(datum))

	def edit(self):
		former, newer = self.stand.substituted()
		parameters = {'path': self.stand.mishap.path, 'former': former, 'newer': newer}
		self.move('edit', 'edit', parameters, amended(self.stand.mishap.path, self.stand.delta()))

	# Workflows.

	def mend(self):
		for name in self.dice.choice(MEND_TRACKS):
			getattr(self, name)()
		return self.final(self.close('done'), delta=self.stand.delta())

	def examine(self):
		for name in self.dice.choice(EXAMINE_TRACKS):
			getattr(self, name)()
		return self.final(self.close('explain'))

	def shield(self):
		'''Add the at first failing check to a test suite that lacks each failing one.'''
		stand, path = self.stand, self.stand.mishap.test_location
		breaking = [result.name for result in stand.breakages()]
		extras = [name for name in breaking if name != self.goal]
		current = stand.suite_lacking(breaking)
		delta = joined(path, current, stand.suite_lacking(extras))
		self.move('guard_read', 'read', {'path': path}, counted(current.splitlines(), 1))
		appended = {'path': path, 'former': '', 'newer': stand.origin_text_of_inspection(self.goal)}
		self.move('guard_edit', 'edit', appended, amended(path, delta))
		self.execute('guard_run', lacking=extras)
		self.close('guard_red')
		self.journal.client(self.terms('guard_next'))
		shell_line = 'git pull --quiet && pytest -q --tb=short ' + path
		summary = stand.summary(True, self.duration(), extras)
		self.move('guard_again', 'bash', {'shell_line': shell_line}, summary)
		return self.final(self.close('guard_done'), delta=delta)

	def appraise(self):
		twig = self.stand.mishap.key_name.replace('_', '-')
		shell_line = 'git diff start_up...fix/' + twig
		self.move('diff', 'bash', {'shell_line': shell_line}, self.stand.delta())
		self.execute('review_run', mended=True)
		self.grep('callers', mended=True)
		return self.final(self.close('verdict'))

	# The entry.

	def final(self, response, delta=''):
		path = self.stand.mishap.test_location
		titles = [result.name for result in self.stand.breakages()]
		picked = [self.goal] if self.procedure == 'shield' else titles
		final = {'answer': response, 'tests': ['{}::{}'.format(path, name) for name in picked]}
		if delta:
			final['patch'] = delta
		return final

	def entry_x(self, prologue, final):
		mishap = self.stand.mishap
		category = SORTS.get(self.procedure, mishap.category)
		topics = ['swe', 'snippet', self.procedure] + list(mishap.topics)
		return {
			'id': '{}-{}'.format(mishap.key_name, self.procedure).replace('_', '-'),
			'task': {'type': category, 'difficulty': mishap.hardness, 'prompt': prologue},
			'messages': self.journal.notices,
			'tools': [outline_of(name) for name in sorted(self.journal.employed)],
			'final': final,
			'metadata': {'benchmark_tags': topics, 'mishap': mishap.key_name},}


def outline_of(gadget):
	content_text, titles = GADGET_CONTENTS_OF[gadget]
	return {'name': gadget, 'description': content_text, 'parameters': list(titles)}


def amended(path, delta):
	'''What the edit tool answers: the size of the modification.'''
	entries = delta.splitlines()[2:]
	appended = sum(entry_line.startswith('+') for entry_line in entries)
	deleted = sum(entry_line.startswith('-') for entry_line in entries)
	return '{}: {} rows added, {} removed'.format(path, appended, deleted)
