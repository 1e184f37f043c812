"""How letters leave: the transports."""
