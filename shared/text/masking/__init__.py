"""Masks personal data: one module a kind, one that joins them. Over-masking is the right error."""

from shared.text.masking.kinds import PLACEHOLDERS, Kind, Masked, Span
from shared.text.masking.mask import Masker

__all__ = ["PLACEHOLDERS", "Kind", "Masked", "Masker", "Span"]
