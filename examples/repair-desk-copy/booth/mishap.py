'''What has to be known about one mishap ahead of a dialogue can be held on it.'''

from dataclasses import dataclass  # annotations
from types import ModuleType  # annotations
from typing import Any, Callable, Dict, Tuple  # annotations


@dataclass( frozen = True )
class Mishap:
	'''One little repository with something mistaken in it.

	`faulty`, `mended` and `inspections` are imported modules: their wording is shown and
	their functions are called. All of it else is prose about them. '''

	key_name: str
	category: str
	hardness: str
	path: str
	test_location: str
	offers: str
	faulty: ModuleType
	mended: ModuleType
	inspections: ModuleType
	extras: Dict[str, str]
	prologues: Dict[str, Tuple[str, ...]]
	search: str
	marker: str
	hunch: str
	insight: str
	origin: str
	cure: str
	warning: str
	retort: str
	trial: Callable[[ModuleType, Any], Tuple[str, Any]]
	topics: Tuple[str, ...]
