"""How long until somebody is called: learned from the hospital's own days, as an honest interval. Pure.

`Estimator` is the door: `feed(event)` learns, `ask(ticket, now)` answers.
"""
