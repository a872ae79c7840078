"""The look in Kivy: the environment to set before its first import, typefaces, and the widgets that the kiosk and the
wall share. Only ``environment`` may be imported before Kivy."""
