"""The queue server: the only program that decides and stores."""
