"""People: when they are due, what they asked for, and the tokens that let them leave."""
