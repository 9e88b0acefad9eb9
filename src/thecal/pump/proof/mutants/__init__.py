"""Small faults put into the pump's own source: what the tests find of them, and what the other part makes of them."""
