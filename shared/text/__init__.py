"""Vietnamese text as people type it: folded for matching, masked before it is kept, checked before it travels."""
