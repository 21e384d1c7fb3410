"""What has to be known about one incident before a conversation can be held on it."""

from dataclasses import dataclass
from types import ModuleType
from typing import Any, Callable, Dict, Tuple


@dataclass(frozen=True)
class Incident:
    """One small repository with something wrong in it.

    `broken`, `repaired` and `checks` are imported modules: their text is shown and
    their functions are called. Everything else is prose about them.
    """

    slug: str
    kind: str
    difficulty: str
    path: str
    test_path: str
    exports: str
    broken: ModuleType
    repaired: ModuleType
    checks: ModuleType
    others: Dict[str, str]
    openings: Dict[str, Tuple[str, ...]]
    search: str
    anchor: str
    suspicion: str
    finding: str
    cause: str
    remedy: str
    caveat: str
    reply: str
    probe: Callable[[ModuleType, Any], Tuple[str, Any]]
    tags: Tuple[str, ...]
