'''Counts meter readings per UTC day.'''

from datetime import datetime  # clock


def utc_date_of(timestamp_x):
	'''The UTC calendar day of an ISO 8601 time stamp with offset.'''
	regional = datetime.fromisoformat(timestamp_x)
	return regional.replace(tzinfo=None).date().isoformat()


def per_date_of(samples):
	'''Sum the figures of (timestamp_x, figure) pairs by UTC day.'''
	sums_of = {}
	for timestamp_x, datum in samples:
		day = utc_date_of(timestamp_x)
		sums_of[day] = sums_of.get(day, 0) + datum
	return dict(sorted(sums_of.items()))
