"""Reading codes: drivers by address (`open.py`), pictures to bytes (`decode.py`), bytes to a person (`cards`)."""
