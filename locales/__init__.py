"""Texts that people see and hear, by key and language. Imports nothing of ours.

A catalogue is one gettext .po file per language and surface (``catalogues/vi/kiosk.po``). The message id is a key
(``kiosk.welcome.heading``); English has a file like every other language. Catalogues are read as they are: there is
no compile step, and a language is added by adding a folder.
"""

from locales.catalogue import Catalogues, MissingText, languages, load_catalogues, plural, t

__all__ = ["Catalogues", "MissingText", "languages", "load_catalogues", "plural", "t"]
