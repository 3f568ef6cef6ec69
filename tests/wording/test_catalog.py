from __future__ import annotations

import flask_babel
from flask import Flask

from helpdesk.wording.catalog import gettext, locale_code, shop_wall


def test_a_sentence_is_said_in_the_language_that_is_forced_and_then_in_the_requests_own_again(app: Flask) -> None:
    with app.test_request_context(headers={"Accept-Language": "zh-CN"}):
        before = gettext("处理中"), gettext("处理中")
        with flask_babel.force_locale("en"):
            assert (locale_code(), gettext("处理中")) == ("en", flask_babel.gettext("处理中"))
            assert gettext("处理中") != "处理中"
        assert before == (gettext("处理中"), "处理中")


def test_variables_are_put_in_and_a_bare_percent_sign_stays(app: Flask) -> None:
    with app.test_request_context(headers={"Accept-Language": "zh-CN"}):
        assert locale_code() == "zh_CN"
        assert gettext("剩 %(time)s", time="2时") == "剩 2时"
        assert gettext("100%") == "100%"


def test_outside_of_a_request_it_speaks_the_source() -> None:
    assert gettext("处理中") == "处理中"


def test_the_wall_is_the_shops(app: Flask) -> None:
    with app.test_request_context():
        assert shop_wall() == flask_babel.get_timezone()
        assert str(shop_wall()) == app.config["BABEL_DEFAULT_TIMEZONE"]
