"""What crosses a boundary: events, topics, vocabulary, masked text. No service is imported from here."""
