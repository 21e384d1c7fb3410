"""Wordings, dealt like cards: none comes twice before all of its kind were used."""

DECKS = {
    "list": (
        "First a look at what this checkout contains.",
        "I'll list the files to see where {path} sits.",
        "Let me get my bearings in the repo before opening {path}.",
    ),
    "list_why": (
        "The repository is small, so a listing shows which modules and tests can matter here.",
        "Knowing which files exist tells me what else could depend on {path}.",
    ),
    "grep": (
        "Searching for the places involved, callers included.",
        "I'll grep for `{search}` to find the code and everyone who relies on it.",
        "Where is this used? A quick search before I open anything.",
        "Let me see which lines mention this, tests as well.",
        "A search first, so that no caller surprises us later.",
    ),
    "grep_why": (
        "Finding definitions and callers first keeps me from changing code somebody else relies on.",
        "The symptom names no line, so I search for the operation involved: {suspicion}.",
        "I want every use in view before judging a single function by itself.",
    ),
    "read": (
        "Now the source itself, {path} around the interesting part.",
        "Opening {path} to read the logic line by line.",
        "I'll read the relevant stretch of {path}.",
        "Time to look at {path}; the listing keeps line numbers for reference.",
        "Reading {path} next. I have a guess, yet the code decides.",
    ),
    "read_why": (
        "My working hypothesis is that {suspicion}; the source will confirm or refute it.",
        "Judging from the description, {suspicion}, so I should read that code closely.",
        "Before touching anything I need to see the function, because {suspicion}.",
    ),
    "run": (
        "Let me run the tests to have the failure in front of me.",
        "Reproducing it: the suite for {module} should turn red.",
        "I'd like to see this fail before I change anything.",
        "Running {test_path} on the untouched code.",
    ),
    "run_why": (
        "A failing test gives me the exact values, and later proves whether the patch helped.",
        "Without a reproduction I could only claim a fix, so the suite has to fail first.",
        "Expected and actual values side by side will narrow down the cause considerably.",
    ),
    "probe": (
        "A tiny experiment with fresh values, outside the test suite.",
        "Trying it by hand with numbers the tests do not use.",
        "Let me call it directly and see what comes back.",
        "One direct call should settle what really happens.",
    ),
    "probe_why": (
        "Reading suggests that {finding}; one call with other values tests that claim.",
        "If my reading is right, this call shows the wrong result independent of the suite.",
        "I prefer an observed value to a theory, since theories about code are cheap.",
    ),
    "edit": (
        "Confirmed: {finding}. I will {remedy}.",
        "That settles it, {finding}. The change: {remedy}.",
        "So {finding}. My edit is to {remedy}.",
        "The cause is visible now: {finding}. Plan: {remedy}.",
    ),
    "edit_why": (
        "The smallest change that removes the cause is to {remedy}; signatures stay as they are.",
        "Patching the symptom at the callers would repeat itself, so the repair belongs in {path}.",
        "The evidence agrees with the source, therefore I can {remedy} with confidence.",
    ),
    "rerun": (
        "Same tests again, now on the edited code.",
        "Verifying the edit with the complete file of tests.",
        "Back to the suite; everything should pass, old cases included.",
        "Does it hold? Running {test_path} once more.",
    ),
    "rerun_why": (
        "The failing cases must pass now and the previously passing ones must not regress.",
        "Only a second run of the same tests shows that the edit did what I intended.",
        "A clean run after a red one is the evidence the reviewer will ask for.",
    ),
    "done": (
        "Fixed in {path} and all tests pass. {cause} Mind this: {caveat}",
        "{path} is repaired; the suite is green. {cause} One remark: {caveat}",
        "The patch is in and {test_path} passes. {cause} Worth knowing: {caveat}",
        "All green. {cause} To be open about limits: {caveat}",
    ),
    "done_why": (
        "The run is clean, so what remains is to state cause, change and limits plainly.",
        "I should report what was verified and also what this change does not cover.",
    ),
    "explain": (
        "Here is the explanation. {cause} To repair it one would {remedy}.",
        "{cause} So the observation is reproducible. The remedy would be to {remedy}.",
        "In short: {finding}. {cause} I changed nothing; the way out is to {remedy}.",
    ),
    "explain_why": (
        "The observed value matches what the source predicts, so I can answer without guessing.",
        "Both the code and the experiment agree, which is enough for a firm diagnosis.",
    ),
    "guard_read": (
        "I'll read the present tests in {test_path} to match their style.",
        "What do we have in {test_path} so far? Reading it first.",
        "Let me see which cases {test_path} already covers.",
    ),
    "guard_read_why": (
        "A new test should follow the conventions of its neighbours and not repeat their cases.",
        "Knowing the existing cases tells me which boundary is still without any coverage.",
    ),
    "guard_edit": (
        "The gap is plain. I'm adding `{target}` for it.",
        "None of these would notice the defect, so here comes `{target}`.",
        "I'll write `{target}`; it states the wanted behaviour and nothing about the implementation.",
    ),
    "guard_edit_why": (
        "The suspicion is that {suspicion}, so the test must state the correct result for that case.",
        "One focused test with literal values will still be readable when it fails next year.",
    ),
    "guard_run": (
        "Now it has to fail, otherwise it guards nothing.",
        "Checking that the new test is red on today's code.",
        "A test nobody has seen failing proves little, so I run it.",
    ),
    "guard_run_why": (
        "If the new case passed on broken code it would give us a false sense of safety.",
        "Seeing it fail for the stated reason shows that the test measures the right thing.",
    ),
    "guard_red": (
        "Red as intended: {error_line}. The reason is that {finding}. I left {path} alone.",
        "`{target}` fails with {error_line}, which is the defect: {finding}.",
    ),
    "guard_red_why": (
        "The failure shows the actual value, so the test fails for the defect and not by accident.",
        "The message points at the behaviour we discussed, hence the test does its duty.",
    ),
    "guard_next": (
        "The correction has been merged into main. Is your test green there?",
        "Good. I've just pushed the other branch, could you try again on top of it?",
        "The fix landed a minute ago; please confirm with the merged code.",
    ),
    "guard_again": (
        "Pulling main and running the same file.",
        "Updating the checkout, then the identical tests.",
        "One more run, this time on the merged code.",
    ),
    "guard_again_why": (
        "The same test must turn green through the source change alone, with no edit of its own.",
        "Nothing in the test file may change now, or the comparison would be worthless.",
    ),
    "guard_done": (
        "Green on main without touching the test, so it guards the repaired behaviour. {caveat}",
        "It passes now, unchanged. What the merged code does: {remedy}. {caveat}",
        "Confirmed, all of {test_path} passes on the merged code. Note: {caveat}",
    ),
    "guard_done_why": (
        "Red before and green after with an identical test is the proof that was wanted.",
        "The pair of runs shows cause and effect, so I can close this with confidence.",
    ),
    "diff": (
        "Starting with the diff against main.",
        "Let me look at what the branch actually changes.",
        "I'll read the change itself before running anything.",
    ),
    "diff_why": (
        "A review begins with the change as it is, not with its description by the author.",
        "I need to know the lines touched in order to judge which behaviour could differ.",
    ),
    "review_run": (
        "The idea is right: {remedy}. Now the tests on the branch.",
        "It reads well. Checking out the branch and running {test_path}.",
        "On paper this answers the defect, so next the suite on that branch.",
    ),
    "review_run_why": (
        "The diff addresses the cause I would suspect, namely that {suspicion}; tests should agree.",
        "A patch that reads well may still break a case, therefore I run the suite too.",
    ),
    "callers": (
        "Passing. Who calls this, and does the change reach them?",
        "Green. Last step: the callers, for anything relying on the old behaviour.",
        "Tests agree. I also want to see the other uses in the repo.",
    ),
    "callers_why": (
        "Passing tests do not show callers that depended on the old, faulty result.",
        "Behaviour visible outside this module decides whether the change is safe to merge.",
    ),
    "verdict": (
        "I'd approve. {reply} The defect it removes: {finding}. For the description: {caveat}",
        "Approved from my side. {reply} Before the change, {finding}. One comment: {caveat}",
        "Good to merge. {reply} It cures the cause, as {finding}. Please mention: {caveat}",
    ),
    "verdict_why": (
        "Diff, tests and callers agree, so the only thing left to mention is the limitation.",
        "I found no caller that breaks, and the remaining remark does not block the merge.",
    ),
    "wish_change": (
        "",
        " Keep the change small, please.",
        " Tell me what you ran.",
        " No new dependencies.",
        " If anything stays open, say so.",
        " This blocks Thursday's release.",
    ),
    "wish_answer": (
        "",
        " Quote the lines you rely on.",
        " I'm on call tonight, so clarity beats elegance.",
        " Mark what you could not verify.",
        " A short answer will do.",
    ),
}


class Phrasebook:
    """Deals the wordings of each deck in an order drawn from the seed."""

    def __init__(self, rng):
        self.rng = rng
        self.hands = {}

    def deal(self, deck, **facts):
        hand = self.hands.get(deck)
        if not hand:
            hand = self.hands[deck] = self.rng.sample(DECKS[deck], len(DECKS[deck]))
        return hand.pop().format(**facts)
