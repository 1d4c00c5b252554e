"""Runs of the notebooks: what they are given, where they are kept, what is known of them.

parameters   what all notebooks' parameters have in common
notebooks/   the parameters of each notebook
project      where notebooks and outputs are, in a clone and beside an installed wheel
environment  what a run's numbers depend on besides, and the id made from it all
folder       the folder of a run: made aside, moved into place
record       run.json: what "finished and whole" means
run          a run as its notebook sees it
execute      one run, headless
ledger       what has been run
sweep        many runs, written down in a file
driver       the runs of a sweep, made
"""
