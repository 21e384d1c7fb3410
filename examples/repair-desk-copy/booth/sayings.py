'''Wordings, dealt like cards: none comes twice ahead of all of its kind were used.'''

PILES = {
	'list': (
		'At first a glance at what this checkout contains.',
		"I'll list the documents to see where {path} sits.",
		'Let me get my bearings in the repo ahead of opening {path}.',),
	'list_why': (
		'The repository is little, so a listing reveals which modules and tests can matter here.',
		'Knowing which documents exist tells me what else could depend on {path}.',),
	'grep': (
		'Searching for the places involved, users included.',
		"I'll grep for `{search}` to find the program text and everyone who relies on it.",
		'Where is this used? A swift lookup ahead of I open something.',
		'Let me see which rows mention this, tests as well.',
		'A lookup at first, so that no user surprises us later.',),
	'grep_why': (
		'Finding definitions and users at first retains me from changing program text somebody else relies on.',
		'The symptom names no row, so I lookup for the operation involved: {hunch}.',
		'I want each use in view ahead of judging a single routine by itself.',),
	'read': (
		'At present the origin itself, {path} near the interesting part.',
		'Opening {path} to read the logic row by row.',
		"I'll read the relevant stretch of {path}.",
		'Time to glance at {path}; the listing retains row numbers for reference.',
		'Studying {path} next. I have a hunch, yet the program text decides.',),
	'read_why': (
		'My working hypothesis is that {hunch}; the origin will confirm or refute it.',
		'Judging from the description, {hunch}, so I should read that program text closely.',
		'Ahead of touching something I require to see the routine, since {hunch}.',),
	'execute': (
		'Let me run the tests to have the breakage in front of me.',
		'Reproducing it: the test suite for {unit_name} should turn failing.',
		"I'd like to see this fail ahead of I modification something.",
		'Launching {test_location} on the untouched program text.',),
	'execute_why': (
		'A failing test gives me the exact figures, and later proves whether the patch helped.',
		'Without a reproduction I could merely claim a fix, so the test suite has to fail at first.',
		'Expected and actual figures side by side will narrow down the origin considerably.',),
	'trial': (
		'A minute experiment with fresh figures, outside the test test suite.',
		'Trying it by pass with numbers the tests do not use.',
		'Let me call it directly and see what comes back.',
		'One direct call should settle what really occurs.',),
	'trial_why': (
		'Studying suggests that {insight}; one call with other figures tests that claim.',
		'If my studying is right, this call reveals the mistaken result independent of the test suite.',
		'I prefer an observed figure to a theory, since theories about program text are cheap.',),
	'edit': (
		'Verified: {insight}. I will {cure}.',
		'That settles it, {insight}. The modification: {cure}.',
		'So {insight}. My edit is to {cure}.',
		'The origin is visible at present: {insight}. Plan: {cure}.',),
	'edit_why': (
		'The smallest modification that removes the origin is to {cure}; signatures stay as they are.',
		'Patching the symptom at the users would repeat itself, so the mend belongs in {path}.',
		'The proof agrees with the origin, therefore I can {cure} with confidence.',),
	'second_run': (
		'Identical tests once more, at present on the edited program text.',
		'Verifying the edit with the complete document of tests.',
		'Back to the test suite; all of it should pass, old examples included.',
		'Does it hold? Launching {test_location} once more.',),
	'second_run_why': (
		'The failing examples has to pass at present and the previously passing ones has to not regress.',
		'Merely a second run of the identical tests reveals that the edit did what I intended.',
		'A clean run after a failing one is the proof the reviewer will ask for.',),
	'done': (
		'Fixed in {path} and all tests pass. {origin} Mind this: {warning}',
		'{path} is mended; the test suite is passing. {origin} One remark: {warning}',
		'The patch is in and {test_location} passes. {origin} Worth knowing: {warning}',
		'All passing. {origin} To be open about limits: {warning}',),
	'done_why': (
		'The run is clean, so what remains is to state origin, modification and limits plainly.',
		'I should report what was verified and too what this modification does not cover.',),
	'explain': (
		'Here is the account. {origin} To mend it one would {cure}.',
		'{origin} So the observation is reproducible. The remedy would be to {cure}.',
		'In short: {insight}. {origin} I changed nothing; the way out is to {cure}.',),
	'explain_why': (
		'The observed figure matches what the origin predicts, so I can answer without guessing.',
		'Both the program text and the experiment agree, which is enough for a firm diagnosis.',),
	'guard_read': (
		"I'll read the present tests in {test_location} to match their style.",
		'What do we have in {test_location} so far? Studying it at first.',
		'Let me see which examples {test_location} by now covers.',),
	'guard_read_why': (
		'A new test should follow the conventions of its neighbours and not repeat their examples.',
		'Knowing the existing examples tells me which boundary is even now without any coverage.',),
	'guard_edit': (
		"The gap is simple. I'm adding `{goal}` for it.",
		'None of these would notice the flaw, so here comes `{goal}`.',
		"I'll write `{goal}`; it states the wanted conduct and nothing about the implementation.",),
	'guard_edit_why': (
		'The suspicion is that {hunch}, so the test has to state the proper result for that example.',
		'One focused test with literal figures will even now be readable when it fails next year.',),
	'guard_run': (
		'At present it has to fail, otherwise it guards nothing.',
		"Checking that the new test is failing on today's program text.",
		'A test no one has seen failing proves little, so I run it.',),
	'guard_run_why': (
		'If the new example passed on broken program text it would give us a false sense of safety.',
		'Seeing it fail for the stated ground reveals that the test measures the right thing.',),
	'guard_red': (
		'Failing as intended: {error_line}. The ground is that {insight}. I left {path} alone.',
		'`{goal}` fails with {error_line}, which is the flaw: {insight}.',),
	'guard_red_why': (
		'The breakage reveals the actual figure, so the test fails for the flaw and not by accident.',
		'The notice points at the conduct we discussed, hence the test does its duty.',),
	'guard_next': (
		'The correction has been merged into main. Is your test passing there?',
		"Fine. I've just pushed the other side branch, could you try once more on top of it?",
		'The fix landed a minute ago; kindly confirm with the merged program text.',),
	'guard_again': (
		'Pulling main and launching the identical document.',
		'Updating the checkout, afterwards the identical tests.',
		'One more run, this time on the merged program text.',),
	'guard_again_why': (
		'The identical test has to turn passing through the origin modification alone, with no edit of its own.',
		'Nothing in the test document may modification at present, or the comparison would be worthless.',),
	'guard_done': (
		'Passing on main without touching the test, so it guards the mended conduct. {warning}',
		'It passes at present, unchanged. What the merged program text does: {cure}. {warning}',
		'Verified, all of {test_location} passes on the merged program text. Note: {warning}',),
	'guard_done_why': (
		'Failing ahead of and passing after with an identical test is the proof that was wanted.',
		'The pair of runs reveals origin and effect, so I can close this with confidence.',),
	'diff': (
		'Starting with the diff against main.',
		'Let me glance at what the side branch actually modifications.',
		"I'll read the modification itself ahead of launching something.",),
	'diff_why': (
		'A review begins with the modification as it is, not with its description by the author.',
		'I require to know the rows touched in sequence to judge which conduct could differ.',),
	'review_run': (
		'The idea is right: {cure}. At present the tests on the side branch.',
		'It reads well. Checking out the side branch and launching {test_location}.',
		'On paper this answers the flaw, so next the test suite on that side branch.',),
	'review_run_why': (
		'The diff addresses the origin I would suspect, namely that {hunch}; tests should agree.',
		'A patch that reads well may even now break a example, therefore I run the test suite too.',),
	'callers': (
		'Passing. Who calls this, and does the modification reach them?',
		'Passing. Last step: the users, for something relying on the old conduct.',
		'Checks agree. I too want to see the other uses in the repo.',),
	'callers_why': (
		'Passing tests do not reveal users that depended on the old, faulty result.',
		'Conduct visible outside this module decides whether the modification is safe to merge.',),
	'verdict': (
		"I'd approve. {retort} The flaw it removes: {insight}. For the description: {warning}",
		'Approved from my side. {retort} Ahead of the modification, {insight}. One comment: {warning}',
		'Fine to merge. {retort} It cures the origin, as {insight}. Kindly mention: {warning}',),
	'verdict_why': (
		'Diff, tests and users agree, so the merely thing left to mention is the limitation.',
		'I found no user that breaks, and the remaining remark does not block the merge.',),
	'wish_change': (
		'',
		' Retain the modification little, kindly.',
		' Tell me what you ran.',
		' No new dependencies.',
		' If something stays open, say so.',
		" This blocks Thursday's release.",),
	'wish_answer': (
		'',
		' Quote the rows you rely on.',
		" I'm on call tonight, so clarity beats elegance.",
		' Mark what you could not verify.',
		' A short answer will do.',),}


class SayingsBook:
	'''Deals the wordings of each deck in an sequence drawn from the grain.'''

	def __init__(self, dice):
		self.dice = dice
		self.holdings = {}

	def draw(self, pile, **details):
		holding = self.holdings.get(pile)
		if not holding:
			holding = self.holdings[pile] = self.dice.sample(PILES[pile], len(PILES[pile]))
		return holding.pop().format(**details)
