'''The tools an agent would use, answered from an mishap's real wording and conduct.

Nothing here is a canned answer: row numbers are counted, searches are searched,
diffs are computed and checks are called. '''

import difflib  # stdlib
import inspect  # stdlib
import re  # stdlib
import traceback  # stdlib

VIEW_REACH = 26
QUERY_BOUND = 10
POLICY_LINE_BREADTH = 72


class Result:
	'''How one check ended: `distance` (rows under its `def`) and `error` if it failed.'''

	def __init__(self, name, distance=None, error=None):
		self.name = name
		self.distance = distance
		self.error = error


class Workshop:
	'''A virtual checkout of one mishap's repository.'''

	def __init__(self, mishap):
		self.mishap = mishap
		self.earlier = inspect.getsource(mishap.faulty)
		self.later = inspect.getsource(mishap.mended)
		self.suite = self._draw_up_suite(inspect.getsource(mishap.inspections))
		self.faulty_execute = self._execute(mishap.faulty)
		self.mended_execute = self._execute(mishap.mended)
		self._confirm()

	def _confirm(self):
		'''Refuse an mishap whose story is not true.'''
		if not self.breakages():
			raise ValueError(self.mishap.key_name + ': no check notices the flaw')
		if any(result.error for result in self.mended_execute):
			raise ValueError(self.mishap.key_name + ': the mend does not pass its checks')

	def _draw_up_suite(self, origin_text):
		'''Turn checks that take the module under test into an ordinary test document.'''
		leading, tail_end = origin_text.split('\n', 1)
		unit_name = self.mishap.path[:-3].replace('/', '.')
		heading = '{}\n\nfrom {} import {}\n'.format(leading, unit_name, self.mishap.offers)
		return heading + tail_end.replace('(unit)', '()').replace('unit.', '')

	def _execute(self, unit):
		titles = [name for name in vars(self.mishap.inspections) if name.startswith('test_')]
		return [self._execute_one(name, unit) for name in titles]

	def _execute_one(self, name, unit):
		inspection = getattr(self.mishap.inspections, name)
		try:
			inspection(unit)
		except Exception as error:
			return self._breakage(name, inspection, error)
		return Result(name)

	def _breakage(self, name, inspection, error):
		'''Find the row of the check that failed and say why, as pytest would.'''
		scenes = traceback.walk_tb(error.__traceback__)
		snippet = inspection.__code__
		scene, ordinal = [duo for duo in scenes if duo[0].f_code is snippet][-1]
		distance = ordinal - snippet.co_firstlineno
		if isinstance(error, AssertionError):
			content_text = 'assert {!r} == {!r}'.format(scene.f_locals['actual'], scene.f_locals['desired'])
		else:
			content_text = '{}: {}'.format(type(error).__name__, error)
		return Result(name, distance, content_text)

	def breakages(self):
		return [result for result in self.faulty_execute if result.error]

	def documents(self, mended=False):
		'''Each path of the checkout with its wording.'''
		stored = dict(self.mishap.extras)
		stored[self.mishap.path] = self.later if mended else self.earlier
		stored[self.mishap.test_location] = self.suite
		return stored

	def enumerate_all_dir(self):
		extents = ['{:>5}  {}'.format(len(content_text), path) for path, content_text in self.documents().items()]
		return '\n'.join(sorted(extents, key=lambda entry_line: entry_line[7:]))

	def grep(self, needle, mended=False):
		matches = []
		for path, content_text in sorted(self.documents(mended).items()):
			for ordinal, row in enumerate(content_text.splitlines(), 1):
				if re.search(needle, row):
					matches.append('{}:{}:{}'.format(path, ordinal, row.rstrip()))
		displayed = matches[:QUERY_BOUND]
		if len(matches) > len(displayed):
			displayed.append('({} more matches)'.format(len(matches) - len(displayed)))
		return '\n'.join(displayed)

	def slice_of(self):
		'''At first and last row, counted from 1, worth studying near the anchor.'''
		rows = self.earlier.splitlines()
		locate = next(n for n, row in enumerate(rows, 1) if self.mishap.marker in row)
		begin = max(1, min(locate - VIEW_REACH // 2, len(rows) - VIEW_REACH + 1))
		return begin, min(len(rows), begin + VIEW_REACH - 1)

	def read(self, path, begin, finish):
		return counted(self.documents()[path].splitlines()[begin - 1 : finish], begin)

	def delta(self):
		return joined(self.mishap.path, self.earlier, self.later)

	def substituted(self):
		'''The smallest runs of rows that cover each modification, old and new.'''
		former, newer = self.earlier.splitlines(), self.later.splitlines()
		chunks = difflib.SequenceMatcher(None, former, newer, autojunk=False).get_opcodes()
		altered = [chunk for chunk in chunks if chunk[0] != 'equal']
		leading, ending = altered[0], altered[-1]
		return '\n'.join(former[leading[1] : ending[2]]), '\n'.join(newer[leading[3] : ending[4]])

	def suite_lacking(self, titles):
		'''The test document as it was ahead of the named checks were written.'''
		content_text = self.suite
		for name in titles:
			content_text = content_text.replace(self.origin_text_of_inspection(name), '')
		return re.sub(r'\n{4,}', '\n\n\n', content_text).rstrip('\n') + '\n'

	def origin_text_of_inspection(self, name):
		entries = self.suite.split('def ' + name + '()', 1)[1].split('\n\n\n', 1)[0]
		return 'def ' + name + '()' + entries.rstrip('\n') + '\n'

	def summary(self, mended, duration, lacking=()):
		'''The execute's output in the shape of `pytest -q --tb=short`.'''
		execute = self.mended_execute if mended else self.faulty_execute
		execute = [result for result in execute if result.name not in lacking]
		rows = self.suite_lacking(lacking).splitlines()
		broke = [result for result in execute if result.error]
		specks = ''.join('F' if result.error else '.' for result in execute)
		entries = [specks.ljust(POLICY_LINE_BREADTH - 7) + ' [100%]']
		if broke:
			entries.append(' FAILURES '.center(POLICY_LINE_BREADTH, '='))
		for result in broke:
			row = rows.index('def {}():'.format(result.name)) + 1 + result.distance
			entries.append(' {} '.format(result.name).center(POLICY_LINE_BREADTH, '_'))
			entries.append('{}:{}: in {}'.format(self.mishap.test_location, row, result.name))
			entries.append('    ' + rows[row - 1].strip())
			entries.append('E   ' + result.error)
		amounts = '{} passed in {:.2f}s'.format(len(execute) - len(broke), duration)
		if broke:
			amounts = '{} broke, {}'.format(len(broke), amounts)
		entries.append(amounts)
		return '\n'.join(entries)


def counted(rows, begin):
	'''Rows behind their numbers, as the read tool reveals them.'''
	duos = enumerate(rows, begin)
	return '\n'.join('{:>4}  {}'.format(ordinal, row).rstrip() for ordinal, row in duos)


def joined(path, earlier, later):
	'''A unified diff with git's path prefixes.'''
	entries = difflib.unified_diff(
		earlier.splitlines(True), later.splitlines(True), 'a/' + path, 'b/' + path, n=3)
	return ''.join(entries)
