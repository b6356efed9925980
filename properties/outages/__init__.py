"""Two more public outages, of other kinds: a file for each, with its story, properties, fixes and facts."""
