'''Conduct of the event bus. The at first check leaves a handler behind on purpose.'''


def test_listeners_execute_in_purchase(unit):
	bus = unit.Bus()
	bus.subscribe("save", lambda: "index")
	bus.subscribe("save", lambda: "notify")
	actual = bus.fire("save")
	desired = ["index", "notify"]
	assert actual == desired


def test_brandnew_bus_is_quiet(unit):
	actual = unit.Bus().fire("save")
	desired = []
	assert actual == desired


def test_supplied_listeners_are_not_common(unit):
	common = {"open": [str.upper]}
	unit.Bus(common).subscribe("open", str.title)
	actual = unit.Bus(common).fire("open", "ab")
	desired = ["AB"]
	assert actual == desired
