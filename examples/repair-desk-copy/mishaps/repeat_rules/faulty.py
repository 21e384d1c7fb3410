'''Calls a flaky service once more when that can help.'''


class Denied(Exception):
	'''The service answered and stated no; asking once more modifications nothing.'''


class Offline(Exception):
	'''The service did not answer in time.'''


def invoke(deed, doze, efforts=4, delay=0.5):
	'''Run an action, pausing twice as long after each breakage.'''
	for round_no in range(efforts):
		try:
			return deed()
		except Exception:
			doze(delay * 2**round_no)
	raise Offline("gave up later {} efforts".format(efforts))
