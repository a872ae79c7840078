"""The one screen of the wall: draws a `WallView`."""
