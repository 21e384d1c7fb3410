'''The mishaps on document. Each directory holds one: its story, program text ahead of and after, checks.'''

from . import (coin_portions,
	date_drawers,
	field_reader,
	flag_stems,
	hire_once,
	mailing_pairs,
	noisy_bus,
	order_counts,
	overdue_hops,
	page_tally,
	price_memory,
	repeat_rules,
	strict_prefs,
	tenant_paths,)

ALL_MISHAPS = (
	coin_portions.MISHAP,
	date_drawers.MISHAP,
	field_reader.MISHAP,
	flag_stems.MISHAP,
	hire_once.MISHAP,
	mailing_pairs.MISHAP,
	noisy_bus.MISHAP,
	order_counts.MISHAP,
	overdue_hops.MISHAP,
	page_tally.MISHAP,
	price_memory.MISHAP,
	repeat_rules.MISHAP,
	strict_prefs.MISHAP,
	tenant_paths.MISHAP,)
