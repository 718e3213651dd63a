"""Sentences for people, in the two languages that every surface speaks."""

Words = tuple[str, str]
"""The same sentence in Vietnamese and in English."""


class TwoLanguageError(ValueError):
    """What is wrong with a value and what would be right, for whoever sent it."""

    def __init__(self, vietnamese: str, english: str) -> None:
        super().__init__(english)
        self.words: Words = (vietnamese, english)
