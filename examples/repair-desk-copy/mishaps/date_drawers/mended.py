'''Counts meter readings per UTC day.'''

from datetime import datetime, timezone  # clock


def utc_date_of(timestamp_x):
	'''The UTC calendar day of an ISO 8601 time stamp with offset.'''
	regional = datetime.fromisoformat(timestamp_x)
	if regional.tzinfo is None:
		raise ValueError("time timestamp_x lacking distance: " + timestamp_x)
	return regional.astimezone(timezone.utc).date().isoformat()


def per_date_of(samples):
	'''Sum the figures of (timestamp_x, figure) pairs by UTC day.'''
	sums_of = {}
	for timestamp_x, datum in samples:
		day = utc_date_of(timestamp_x)
		sums_of[day] = sums_of.get(day, 0) + datum
	return dict(sorted(sums_of.items()))
