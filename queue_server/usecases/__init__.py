"""One file per kind of wish: load, decide, save, journal. Each runs inside one change of the writer."""
