"""Pieces that the screens are put together from. Each draws values and reports touches."""
