"""Forms: text in, exact values out, each fault at its field."""
