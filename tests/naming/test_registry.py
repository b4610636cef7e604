"""Tables of names."""

import sys
import types

import pytest

from tf_infomax.naming.registry import Registry, nearest, unknown_name


def filled():
    registry = Registry("critic")
    registry.add("bilinear", 1)
    registry.add("concat", 2)
    return registry


def test_names_keep_their_order():
    registry = filled()
    assert registry.names() == ("bilinear", "concat")
    assert (registry.get("bilinear"), registry.get("concat")) == (1, 2)
    assert "concat" in registry and "separable" not in registry


def test_the_decorator_hands_back_what_it_registers():
    registry = filled()

    @registry.register("separable")
    def make():
        """Anything."""

    assert registry.get("separable") is make and make.__name__ == "make"


def test_a_name_is_taken_once():
    registry = filled()
    with pytest.raises(ValueError, match=r"already a critic of that name\. Received: 'concat'"):
        registry.add("concat", 3)
    assert registry.get("concat") == 2


def test_an_unknown_name_lists_the_known_ones_and_the_nearest():
    with pytest.raises(ValueError) as error:
        filled().get("bilinaer")
    assert str(error.value) == (
        "Unknown critic 'bilinaer'. Did you mean 'bilinear'? Known: bilinear, concat."
    )
    assert error.value.__context__ is None  # no KeyError above it


@pytest.mark.parametrize("name", [None, 3, ["bilinear"], ""])
def test_what_is_not_even_a_name(name):
    with pytest.raises(ValueError, match=r"Unknown critic .* Known: bilinear, concat\."):
        filled().get(name)


def test_nearest():
    known = ("infonce", "nwj", "tuba", "donsker_varadhan")
    assert nearest("info_nce", known) == ["infonce"]
    assert nearest("zzzzzz", known) == []
    # The best first, three at most.
    assert nearest("abx1", ["ab1234", "ab12", "ab123", "ab1", "zz"]) == ["ab1", "ab12", "ab123"]
    assert "Did you mean" not in str(unknown_name("bound", "zzzzzz", known))


@pytest.mark.parametrize("name", ["Info-NCE", "INFONCE", "info_nce"])
def test_letters_decide(name):
    assert nearest(name, ("mine", "infonce", "nce")) == ["infonce"]


def test_synonyms_come_before_what_looks_alike():
    registry = Registry("bound", synonyms={"dv": ("donsker_varadhan",), "mi": ("mine", "nwj")})
    for name in ("dvx", "donsker_varadhan", "mine", "nwj"):
        registry.add(name, name)
    with pytest.raises(ValueError, match=r"'DV'\. Did you mean 'donsker_varadhan'\? Known: dvx"):
        registry.get("DV")
    with pytest.raises(ValueError, match=r"Did you mean 'mine' or 'nwj'\?"):
        registry.check("mi")


MODULE = """
from tests_of_homes import registry

@registry.register("added")
def added():
    return 1

attribute = 2
"""


@pytest.fixture
def with_homes(tmp_path, monkeypatch):
    """A registry whose entries are in a module that has not been imported."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "home_of_entries.py").write_text(MODULE)
    monkeypatch.delitem(sys.modules, "home_of_entries", raising=False)
    registry = Registry(
        "thing",
        {
            "added": "home_of_entries",
            "attribute": "home_of_entries:attribute",
            "made": lambda: [3],
        },
    )
    monkeypatch.setitem(sys.modules, "tests_of_homes", types.SimpleNamespace(registry=registry))
    yield registry
    sys.modules.pop("home_of_entries", None)


def test_entries_are_imported_on_first_use(with_homes):
    assert with_homes.names() == ("added", "attribute", "made")
    with_homes.check("added")
    with pytest.raises(ValueError, match=r"Did you mean 'added'"):
        with_homes.get("aded")
    assert "home_of_entries" not in sys.modules
    assert with_homes.get("attribute") == 2 and "home_of_entries" in sys.modules
    assert with_homes.get("added")() == 1
    # Made once.
    assert with_homes.get("made") == [3] and with_homes.get("made") is with_homes.get("made")
    assert with_homes.names() == ("added", "attribute", "made")


def test_a_promised_name_is_taken(with_homes):
    def mine():
        """Of a user."""

    for name in with_homes.names():
        with pytest.raises(ValueError, match="already a thing of that name"):
            with_homes.add(name, mine)
