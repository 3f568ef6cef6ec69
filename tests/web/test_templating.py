from __future__ import annotations

import pytest
from flask import Flask
from flask_babel import force_locale
from jinja2 import DictLoader, nodes

from helpdesk.web.filters import icon
from helpdesk.web.templating import Localised

PAGE = "{% import 'part.html' as part %}{{ _('关闭') }} {{ part.sign(word) }} {{ icon('x', 17) }}"
PART = "{% macro sign(word) %}{{ _('第 %(n)s 张', n=word) }}{{ _('关闭') if word else _('取消') }}{% endmacro %}"


@pytest.fixture
def templates(app: Flask) -> Localised:
    own = app.jinja_env
    assert isinstance(own, Localised)
    environment = Localised(app, loader=DictLoader({"page.html": PAGE, "part.html": PART}), autoescape=True)
    environment.globals, environment.constant = own.globals, own.constant
    return environment


def test_a_template_and_what_it_imports_speak_the_language_of_each_request(app: Flask, templates: Localised) -> None:
    for language, said, unsaid in (("zh_CN", "关闭", "Close"), ("en", "Close", "关闭"), ("zh_CN", "关闭", "Close")):
        with app.test_request_context(), force_locale(language):
            page = templates.get_template("page.html").render(word=1)
            assert page.count(said) == 2
            assert unsaid not in page


def test_what_is_put_into_a_sentence_is_escaped(app: Flask, templates: Localised) -> None:
    with app.test_request_context():
        assert "&lt;b&gt;" in templates.get_template("page.html").render(word="<b>")


def test_an_icon_is_drawn_as_its_function_draws_it(app: Flask, templates: Localised) -> None:
    with app.test_request_context():
        assert str(icon("x", 17)) in templates.get_template("page.html").render(word=1)


def test_sentences_and_icons_are_constants_of_what_is_compiled(app: Flask, templates: Localised) -> None:
    with app.test_request_context():
        compiled = templates.overlay()
        assert compiled.compile(PAGE, raw=True).count("context.call(") == 1  # the macro
        assert "context.call(" not in compiled.compile(PART, raw=True)
        assert "context.call(" in compiled.compile("{{ icon('x', size) }}", raw=True)


def test_who_parses_a_template_still_sees_its_sentences(templates: Localised) -> None:
    called = {
        call.node.name for call in templates.parse(PAGE).find_all(nodes.Call) if isinstance(call.node, nodes.Name)
    }
    assert called == {"_", "icon"}
