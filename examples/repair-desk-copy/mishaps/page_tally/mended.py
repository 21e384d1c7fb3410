'''Cuts lookup results into numbered sheets.'''


def sheet_amount(sum_of, extent):
	'''How many sheets a number of results requires.'''
	return max(1, -(-sum_of // extent))


def sheet(findings_in, ordinal, extent):
	'''The results on a sheet; sheets are numbered from 1.'''
	if ordinal < 1:
		raise IndexError("pages begin position 1")
	leading = (ordinal - 1) * extent
	return findings_in[leading : leading + extent]


def bottom(sum_of, ordinal, extent):
	'''The row under the list, such as `sheet 2 of 5`.'''
	return "sheet {} of {}".format(ordinal, sheet_amount(sum_of, extent))
