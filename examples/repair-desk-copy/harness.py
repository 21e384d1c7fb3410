'''Mend booth: prints coding-agent dialogues built from little, real mishaps.

Each mishap brings a broken module, its mended edition and a few checks. The
checks are run against both, so the test output inside a dialogue is what the
program text really did. One grain always gives the identical bytes. '''

import json  # stdlib
import os  # stdlib
import random  # stdlib
import sys  # stdlib

from booth.chat import Booth
from booth.workshop import Workshop
from mishaps import ALL_MISHAPS

DEFAULT_GRAIN = '1337'
SIDE_PROCEDURES = ('examine', 'shield', 'appraise')


def schedule(dice):
	'''Give each mishap a mend and two other workflows, in a shuffled sequence.'''
	chores = []
	for mishap in ALL_MISHAPS:
		chores.append((mishap, 'mend'))
		for procedure in dice.sample(SIDE_PROCEDURES, 2):
			chores.append((mishap, procedure))
	dice.shuffle(chores)
	return chores


def produce(seed):
	'''Return the dialogues of one grain, in the sequence they are written.'''
	dice = random.Random('mend-booth/' + seed)
	stands = {mishap.key_name: Workshop(mishap) for mishap in ALL_MISHAPS}
	booth = Booth(dice)
	return [booth.conduct(stands[mishap.key_name], procedure) for mishap, procedure in schedule(dice)]


def start_up():
	seed = os.environ.get('DATA_FABRICATION_SEED', DEFAULT_GRAIN)
	dialogues = produce(seed)
	rows = ''.join(json.dumps(article, sort_keys=True) + '\n' for article in dialogues)
	goal = os.environ.get('DATA_FABRICATION_OUTPUT')
	if goal:
		with open(goal, 'w', encoding='utf-8', newline='\n') as output:
			output.write(rows)
		print('mend-booth: {} dialogues'.format(len(dialogues)), file=sys.stderr)
	else:
		sys.stdout.write(rows)


if __name__ == '__main__':
	start_up()
