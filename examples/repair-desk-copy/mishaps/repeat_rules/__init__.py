'''Error handling: each breakage is retried, and the last one is slept on.'''

from booth.mishap import Mishap

from . import faulty, inspections, mended


def trial(unit, dice):
	efforts = dice.randint(2, 5)
	snippet = (
		'from outbound.retry import Offline, invoke\n'
		'from tests.test_retry import Backend\n'
		'rest_periods = []\n'
		'try:\n'
		'    invoke(Backend(*[Offline()] * 9).inquire, rest_periods.append, {})\n'
		'except Unreachable as error:\n'
		'    print(error, rest_periods)'
	).format(efforts)
	rest_periods = []
	try:
		unit.invoke(inspections.Backend(*[unit.Offline()] * 9).inquire, rest_periods.append, efforts)
	except unit.Offline as error:
		return snippet, '{} {}'.format(error, rest_periods)
	return snippet, ''


MISHAP = Mishap(
	key_name='repeat_rules',
	category='error_handling',
	hardness='medium',
	path='outbound/retry.py',
	test_location='tests/test_retry.py',
	offers='Denied, Offline, invoke',
	faulty=faulty,
	mended=mended,
	inspections=inspections,
	extras={
		'outbound/tenants.py': (
			'import time\n\nfrom outbound.retry import invoke\n\n\n'
			'def client_id(client, name):\n'
			'    return invoke(lambda: client.fetch(name), time.doze)\n'),},
	prologues={
		'mend': (
			"Looking up a tenant that doesn't exist hangs for seven and a half seconds, afterwards "
			"reports a timeout. A simple 'no' has to surface immediately.",
			'Our backoff helper retries programming errors too, and naps once more right ahead of '
			'giving up. Make it choose its battles.',),
		'examine': (
			'Support states refused calls glance like outages in the logs. Trace how outbound.retry '
			'turns the former into the latter.',),
		'shield': (
			'Cover the rule that a refusal from the remote side is final. Use fakes, no one wants '
			'real sleeping in the test suite.',),
		'appraise': (
			'Retry rework awaits your eyes: merely Unreachable is caught at present. Do the pauses even now '
			'double, and is the original exception chained?',),},
	search=r'except|doze',
	marker='except Exception',
	hunch='a blanket except in a retry loop would treat refusals just like timeouts',
	insight='`except Exception` retries all of it and sleeps even when no try is left',
	origin='The loop catches each exception, so a final answer is asked for four times and afterwards '
	'replaced by Unreachable. The pause comes ahead of the loop can notice it has ended.',
	cure='catch merely Unreachable, re-raise it chained on the last try, and pause between tries',
	warning='Client libraries has to translate their own timeout errors to Unreachable to be retried.',
	retort='Pauses even now double from the at first one, and the last Unreachable is chained with '
	'`from error`.',
	trial=trial,
	topics=('error-handling', 'retry', 'reliability'),)
