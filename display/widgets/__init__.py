"""Parts of the wall. They draw what they are handed and hold no state of their own."""
