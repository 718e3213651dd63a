"""The province's communes: found by code, by new or old name, searched as one types. A name is never guessed."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from services.intake.place_names import COMMUNE_TYPES, DISTRICT_TYPES, Part, collation, parts, split_type
from shared.text.fold import agrees, fold, folded, spelling

_CODE = re.compile(r"\s*([0-9]{5})\s*")
_LONGEST_NAME = 5
_SPECIAL_ZONE = "đặc khu"


@dataclass(frozen=True, slots=True)
class Commune:
    """A commune, ward or special zone of today."""

    code: str
    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A commune for the picker; `formerly` says which old name led to it (`trước là xã X, huyện Y`)."""

    code: str
    name: str
    type: str
    formerly: str | None = None

    def as_dict(self) -> dict[str, str | None]:
        """As it goes on the wire."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Name:
    """One name of a commune: its own, or that of an old unit which went into it. `key` and `districts` are folded."""

    commune: Commune
    type: str
    bare: str
    key: str
    districts: frozenset[str]
    formerly: str | None = None

    def spelt_as(self, typed: Sequence[str]) -> bool:
        """Whether the marks that were typed are this name's: `Vĩnh Thanh` is not `Vĩnh Thạnh`, `vinh thanh` may be."""
        words = self.bare.split()
        return all(agrees(word, frozenset({spelling(own)})) for word, own in zip(typed, words, strict=False))


class Gazetteer:
    """The communes of one province with all their names."""

    def __init__(self, communes: Iterable[Mapping[str, str]], old_units: Iterable[Mapping[str, str]]) -> None:
        """Rows as in `communes.csv` (code, name, type) and `old_to_new.csv` (old_district, old_unit, new_code)."""
        rows = list(old_units)
        found = [Commune(row["code"], row["name"], row["type"]) for row in communes]
        self._communes = {commune.code: commune for commune in found}
        self._names = [_own_name(commune, rows) for commune in found]
        self._names += [_old_name(self._communes, row) for row in rows]
        self._by_key: dict[str, list[Name]] = {}
        for name in self._names:
            self._by_key.setdefault(name.key, []).append(name)
        self._districts = {folded(split_type(row["old_district"])[1]) for row in rows}

    def get(self, code: str) -> Commune | None:
        """The commune of today with this five-digit code."""
        return self._communes.get(code)

    def resolve(self, text: str) -> tuple[Commune, ...]:
        """The communes that a code, a name or an address may mean: none when unknown, several when ambiguous."""
        if code := _CODE.fullmatch(fold(text).text):
            return tuple(filter(None, [self.get(code[1])]))
        address = parts(text)
        named, used = self._named(address)
        districts = self._districts_in(part for part in address if part is not used)
        communes = {name.commune.code: name.commune for name in _lying_in(districts, named)}
        return tuple(sorted(communes.values(), key=_alphabetical))

    def search(self, q: str, limit: int = 10) -> list[Suggestion]:
        """Suggestions for what was typed so far: exact names first, then beginnings, then words inside. All for ``."""
        if not folded(q).strip():
            ordered = sorted(self._communes.values(), key=_alphabetical)
            return [Suggestion(commune.code, commune.name, commune.type) for commune in ordered[:limit]]
        ranked = sorted(self._ranked(q), key=lambda found: found[0])
        suggestions = dict.fromkeys(_suggestion(name) for _, name in ranked)
        return list(suggestions)[:limit]

    def _named(self, address: Sequence[Part]) -> tuple[list[Name], Part | None]:
        """The names that an address gives for a commune, and the part without a type word that gave them."""
        typed = [name for part in address if part.type in COMMUNE_TYPES.values() for name in self._beginning(part)]
        if typed:
            return typed, None
        for part in address:
            if not part.type and (names := self._by_key.get(" ".join(part.words))):
                return _spelt(names, part.typed), part
        return self._special_zones(address), None

    def _beginning(self, part: Part) -> list[Name]:
        """Names of the longest known name that a part begins with, of its type when one is."""
        for length in range(min(_LONGEST_NAME, len(part.words)), 0, -1):
            if names := self._by_key.get(" ".join(part.words[:length])):
                names = _spelt(names, part.typed[:length])
                return [name for name in names if name.type == part.type] or names
        return []

    def _special_zones(self, address: Sequence[Part]) -> list[Name]:
        """`TP. Phú Quốc`: an old city or district that as a whole became a special zone."""
        cities = (part for part in address if part.type in DISTRICT_TYPES.values())
        return [name for part in cities for name in self._beginning(part) if name.type == _SPECIAL_ZONE]

    def _districts_in(self, address: Iterable[Part]) -> frozenset[str]:
        """Old districts that an address names, with or without their type word."""
        named = (part for part in address if part.type in DISTRICT_TYPES.values() or not part.type)
        beginnings = (" ".join(part.words[:length]) for part in named for length in range(1, len(part.words) + 1))
        return frozenset(key for key in beginnings if key in self._districts)

    def _ranked(self, q: str) -> Iterator[tuple[tuple[object, ...], Name]]:
        address = parts(q)
        asked = next((part for part in address if part.words), Part("", (), ()))
        districts = self._districts_in(part for part in address if part is not asked)
        for name in self._names:
            rank = _rank(" ".join(asked.words) or folded(q).strip(" ."), name)
            if rank is not None and _lying_in(districts, [name]):
                other_type = bool(asked.type) and asked.type != name.type
                order = (rank, other_type, not name.spelt_as(asked.typed), name.formerly is not None)
                yield (*order, *_alphabetical(name.commune), name.formerly or ""), name


def _rank(asked: str, name: Name) -> int | None:
    """0 the name itself, 1 its beginning, 2 the beginning of a word in it, None otherwise."""
    if name.formerly and name.key == folded(split_type(name.commune.name)[1]):
        return None
    if name.key == asked:
        return 0
    return 1 if name.key.startswith(asked) else 2 if f" {asked}" in name.key else None


def _own_name(commune: Commune, rows: Sequence[Mapping[str, str]]) -> Name:
    old = [folded(split_type(row["old_district"])[1]) for row in rows if row["new_code"] == commune.code]
    kind, bare = split_type(commune.name)
    return Name(commune, kind, bare, folded(bare), frozenset(old))


def _old_name(communes: Mapping[str, Commune], row: Mapping[str, str]) -> Name:
    if row["new_code"] not in communes:
        raise ValueError(f"old_to_new.csv: {row['old_unit']} has new_code {row['new_code']}, which communes.csv lacks")
    kind, bare = split_type(row["old_unit"])
    district_type, district = split_type(row["old_district"])
    formerly = f"trước là {kind} {bare}, {district_type} {district}"
    return Name(communes[row["new_code"]], kind, bare, folded(bare), frozenset({folded(district)}), formerly)


def _lying_in(districts: frozenset[str], names: list[Name]) -> list[Name]:
    """Of several names those that lie in the old districts; who names a district means an old unit, if there is one."""
    if not districts:
        return names
    fitting = [name for name in names if districts & name.districts]
    return [name for name in fitting if name.formerly] or fitting


def _spelt(names: list[Name], typed: Sequence[str]) -> list[Name]:
    """Of names that fold alike those with the marks that were typed, or all when none has them."""
    return [name for name in names if name.spelt_as(typed)] or names


def _suggestion(name: Name) -> Suggestion:
    return Suggestion(name.commune.code, name.commune.name, name.commune.type, name.formerly)


def _alphabetical(commune: Commune) -> tuple[object, ...]:
    return collation(split_type(commune.name)[1])
