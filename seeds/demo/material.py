"""What the plan draws from: shops, products, buyers, and the words of customers and colleagues."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Product:
    sku: str
    name: str
    english: str
    specs: tuple[str, ...]
    price_fen: int


@dataclass(frozen=True, slots=True)
class DemoShop:
    code: str
    name: str
    products: tuple[Product, ...]
    pieces: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Words:
    """Sentences with slots in braces, by language (zh, en), and by language and shop for what fits one shop alone."""

    sentences: Mapping[str, tuple[str, ...]]

    def of(self, *, english: bool, shop: str = "") -> tuple[str, ...]:
        """What may be said of this shop's goods; in Chinese where there is no English for it."""
        for language in ("en", "zh") if english else ("zh",):
            found = self.sentences.get(language, ()) + self.sentences.get(f"{language}_{shop}", ())
            if found:
                return found
        return ()


@cache
def shops() -> tuple[DemoShop, ...]:
    return tuple(
        DemoShop(row["code"], row["name"], tuple(_product(p) for p in row["products"]), tuple(row["pieces"]))
        for row in _read("catalogue")["shops"]
    )


@cache
def carriers() -> tuple[tuple[str, str], ...]:
    """Names with the prefix of their tracking numbers."""
    table = _read("catalogue")["carriers"]
    return tuple(zip(table["names"], table["prefixes"], strict=True))


@cache
def messages() -> dict[str, Words]:
    """By type code; and by what is said later: answers, nudges, back_again, thanks."""
    found: dict[str, Words] = {}
    for path in sorted(FOLDER.glob("messages_*.toml")):
        for name, table in _read(path.stem).items():
            found[name] = Words({key: tuple(sentences) for key, sentences in table.items()})
    return found


def filled(text: str, slots: Mapping[str, str]) -> str:
    """A sentence with its slots filled."""
    for name, value in slots.items():
        text = text.replace("{" + name + "}", value)
    return text


@cache
def inside() -> dict[str, dict[str, tuple[str, ...]]]:
    """What colleagues write: questions, findings and notes by queue, reasons by occasion."""
    return {
        kind: {name: tuple(sentences) for name, sentences in table.items()}
        for kind, table in _read("words_inside").items()
    }


@cache
def buyers() -> dict[str, tuple[str, ...]]:
    """Parts of names and addresses."""
    return {name: tuple(parts) for name, parts in _read("buyers").items()}


def _product(row: dict[str, Any]) -> Product:
    return Product(row["sku"], row["name"], row["english"], tuple(row["specs"]), row["price"])


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
