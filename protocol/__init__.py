"""The words: every message that travels between the programs, as frozen values. Imports nothing of ours."""
