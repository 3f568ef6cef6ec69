from __future__ import annotations

import pytest

from helpdesk.domain.passwords import LONGEST, check_password
from helpdesk.domain.problems import Invalid


@pytest.mark.parametrize(
    "password",
    ["three knots in a rope", "一二三四五六七八九十百千", "x7#mQ!9zLp2w", "a" * 11 + "b", "7" * (LONGEST - 1) + "x"],
)
def test_length_is_enough_whatever_the_letters(password: str) -> None:
    check_password(password, login="lin")


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("", "password.too_short"),
        ("elevenchars", "password.too_short"),
        ("x7" * 65, "password.too_long"),
        ("password1234", "password.too_common"),
        ("123456789012", "password.too_common"),
        ("aaaaaaaaaaaa", "password.too_common"),
        ("abcdefghijkl", "password.too_common"),
        ("QWERTYUIOP!!", "password.too_common"),
        ("lin.xiaoming", "password.is_the_login"),
        ("Lin.Xiaoming2026", "password.is_the_login"),
    ],
)
def test_what_everybody_tries_first_is_refused(password: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_password(password, login="lin.xiaoming")
    assert refused.value.code == code
