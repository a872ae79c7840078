"""Telling the record system (EMR) what happened: a journal reader, a pure mapping, one file per transport."""
