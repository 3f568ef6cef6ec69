"""What customers say that no rule knows, and never what one customer alone says."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from helpdesk.domain.phrases import MIN_CUSTOMERS, MOST_FOR_TYPE, STEPS, Corpus, runs
from helpdesk.domain.text import normalise

FILLERS = ("麻烦看看", "请问怎么办", "急用", "你好", "谢谢了", "在线等")


def corpus(said: str, *, customers: int, others: int = 20, type_code: str = "damaged") -> Corpus:
    """Customers of one type who say it, each in his own words, and as many of another type who don't."""
    found = Corpus()
    for who in range(customers):
        found.add(type_code, said + FILLERS[who % len(FILLERS)], who)
    for who in range(others):
        found.add("invoice", FILLERS[who % len(FILLERS)] + "发票", 1000 + who)
    return found


def test_a_phrase_of_one_type_is_proposed_whole() -> None:
    (one,) = corpus("壶嘴豁了口", customers=8).proposals()[:1]
    assert (one.type, one.phrase, one.seen, one.elsewhere) == ("damaged", "壶嘴豁了口", 8, 0)
    assert one.contrast > 1.5


def test_what_everybody_says_tells_nothing() -> None:
    found = Corpus()
    for who in range(30):
        found.add("damaged" if who % 2 else "invoice", "麻烦尽快处理", who)
    assert found.proposals() == []


def test_it_takes_different_customers() -> None:
    assert [one for one in corpus("壶嘴豁了口", customers=MIN_CUSTOMERS - 1).proposals() if "豁" in one.phrase] == []
    one_man = Corpus()
    for _ in range(100):
        one_man.add("damaged", "壶嘴豁了口", "the same")
    assert one_man.proposals() == []


def test_a_part_is_proposed_where_it_is_clearly_more_frequent() -> None:
    found = Corpus()
    for who in range(20):
        found.add("damaged", "豁了口" + "子啊" * (who < 6) + FILLERS[who % 6], who)
        found.add("invoice", "发票", 100 + who)
    phrases = [one.phrase for one in found.proposals()]
    assert "豁了口" in phrases
    assert not any("豁了口子" in phrase for phrase in phrases)


def test_names_and_addresses_are_not_proposed() -> None:
    found = Corpus()
    for who in range(9):
        found.add("damaged", normalise("王小虎住幸福里三号院，壶嘴豁了口").text, who, ("王小虎", "幸福里三号院"))
        found.add("invoice", "发票", 100 + who)
    phrases = [one.phrase for one in found.proposals()]
    assert not any(secret in phrase for phrase in phrases for secret in ("小虎", "幸福", "三号"))
    assert any("豁了口" in phrase for phrase in phrases)


def test_a_latin_name_is_not_proposed_either() -> None:
    found = Corpus()
    for who in range(9):
        found.add("damaged", normalise("i am Jane Roe and the lid is loose").text, who, (normalise("Jane Roe").text,))
        found.add("invoice", "an invoice please", 100 + who)
    phrases = [one.phrase for one in found.proposals()]
    assert not any(word in phrase.split() for phrase in phrases for word in ("jane", "roe"))
    assert any("lid is loose" in phrase for phrase in phrases)


def test_an_address_that_is_told_in_the_message_is_not_proposed() -> None:
    found = Corpus()
    for who in range(9):
        found.add("address_change", "改成云水省半山市临江区云筑七栋二单元，姓名欧阳小满" + FILLERS[who % 6], who)
        found.add("invoice", "发票", 100 + who)
    phrases = [one.phrase for one in found.proposals()]
    assert not any(
        secret in phrase for phrase in phrases for secret in ("云水", "半山", "临江", "云筑", "欧阳", "小满")
    )


def test_a_phrase_is_not_cut_out_at_a_particle_nor_twice() -> None:
    phrases = [one.phrase for one in corpus("了壶嘴豁口漏得厉害的", customers=9).proposals()]
    assert not any(phrase[0] in "了的" or phrase[-1] in "了的" for phrase in phrases)
    assert len(phrases) <= 3


def test_what_was_decided_about_is_not_proposed_again() -> None:
    found = corpus("壶嘴豁了口", customers=8)
    assert not any(one.phrase == "壶嘴豁了口" for one in found.proposals([("damaged", "壶嘴豁了口")]))


def everything(text: str) -> set[str]:
    return {phrase for longer in range(STEPS) for phrase in runs(text, longer)}


def test_latin_phrases_are_runs_of_words() -> None:
    assert everything("the lid is loose") == {
        *("the lid", "lid is", "is loose", "the lid is", "lid is loose", "the lid is loose"),
    }


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["damaged", "invoice", "other"]), st.text("甲乙丙丁戊己庚", max_size=20), st.integers(0, 12)
        ),
        max_size=60,
    )
)
def test_whatever_was_said_what_is_proposed_was_said_by_enough_people(
    said: list[tuple[str, str, int]],
) -> None:
    found = Corpus()
    for type_code, text, who in said:
        found.add(type_code, text, who)
    proposals = found.proposals()
    for one in proposals:
        people = {who for type_code, text, who in said if type_code == one.type and one.phrase in text}
        assert len(people) == one.seen >= MIN_CUSTOMERS
    by_type = [one.type for one in proposals]
    assert all(by_type.count(code) <= MOST_FOR_TYPE for code in by_type)


@given(st.text(max_size=200))
def test_a_phrase_has_no_digits_and_stands_in_its_text(text: str) -> None:
    read = normalise(text).text
    for phrase in everything(read):
        assert phrase in read
        assert not any(letter.isdigit() for letter in phrase if letter.isascii())
