"""The demo: a made-up provincial hospital on one machine, to try by hand, or to run by itself and leave proof."""
