"""Tables of names."""

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
    assert error.value.__suppress_context__  # no KeyError above it


@pytest.mark.parametrize("name", [None, 3, ["bilinear"], ""])
def test_what_is_not_even_a_name(name):
    with pytest.raises(ValueError, match=r"Unknown critic .* Known: bilinear, concat\."):
        filled().get(name)


def test_nearest():
    known = ("infonce", "nwj", "tuba", "donsker_varadhan")
    assert nearest("info_nce", known) == ["infonce"]
    assert nearest("zzzzzz", known) == []
    # The best first, three at most.
    assert nearest("ab1", ["ab1234", "ab12", "ab123", "ab1", "zz"]) == ["ab1", "ab12", "ab123"]
    assert "Did you mean" not in str(unknown_name("bound", "zzzzzz", known))
