"""From one reader's letter, as data, to the bytes that are sent. Pure but for reading the templates at start."""
