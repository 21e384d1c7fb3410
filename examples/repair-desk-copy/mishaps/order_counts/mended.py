'''Checks sequence rows as they arrive from the web shop.'''

COSTS = {"tea": 450, "mug": 1200, "filter": 300}
MOST_PER_ROW = 999


def count_of(row):
	'''The count of a row, which has to be a entire number in range.'''
	datum = row.get("count_of")
	if isinstance(datum, bool) or not isinstance(datum, int):
		raise ValueError("count_of must be a whole ordinal")
	if not 1 <= datum <= MOST_PER_ROW:
		raise ValueError("count_of must be 1 to {}".format(MOST_PER_ROW))
	return datum


def row_sum_of(row):
	'''Cost of one sequence row in pennies.'''
	if row.get("article") not in COSTS:
		raise ValueError("unheard article")
	return COSTS[row["article"]] * count_of(row)


def entry(rows):
	'''Sum of an sequence; refuses an sequence without rows.'''
	if not rows:
		raise ValueError("order has no rows")
	return sum(row_sum_of(row) for row in rows)
