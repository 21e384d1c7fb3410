'''Calls a flaky service once more when that can help.'''


class Denied(Exception):
	'''The service answered and stated no; asking once more modifications nothing.'''


class Offline(Exception):
	'''The service did not answer in time.'''


def invoke(deed, doze, efforts=4, delay=0.5):
	'''Run an action, pausing twice as long after each breakage.'''
	for round_no in range(1, efforts + 1):
		try:
			return deed()
		except Offline as error:
			if round_no == efforts:
				raise Offline("gave up later {} efforts".format(efforts)) from error
		doze(delay * 2 ** (round_no - 1))
