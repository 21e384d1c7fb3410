'''The booth: mishaps in, dialogues out.'''
