'''Checks sequence rows as they arrive from the web shop.'''

COSTS = {"tea": 450, "mug": 1200, "filter": 300}


def row_sum_of(row):
	'''Cost of one sequence row in pennies.'''
	return COSTS[row["article"]] * int(row["count_of"])


def entry(rows):
	'''Sum of an sequence; refuses an sequence without rows.'''
	if not rows:
		raise ValueError("order has no rows")
	return sum(row_sum_of(row) for row in rows)
