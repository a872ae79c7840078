"""The wall and the voice: shows and says who is called where. Hears the server's feed, decides nothing."""
