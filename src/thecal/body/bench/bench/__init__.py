"""The benchmark problems, our answers, independent references, and the peers raced on the same work."""
