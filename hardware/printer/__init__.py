"""Printers: a `Slip` says what is on the paper, the layout makes a picture of it, a driver brings it to the printer."""
