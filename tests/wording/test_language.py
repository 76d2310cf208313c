"""The language of own wording: what may be written, what may not, and that no value and no text breaks out of it."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifications.contexts import StatementToCustomer
from notifications.own_html import clean_html
from notifications.own_language import DEPTH_MOST, OUTPUT_MOST, SOURCE_MOST, WordingFailedError, fill
from notifications.own_words import PARTS, Variant, Wording, base_kind, problems_of, render_own, wording_of
from notifications.samples import samples
from tests.notifications.test_messages import tags_of
from tests.notifications.test_payloads import KINDS, PAYLOADS, poisoned, texts_of
from words.catalog import translate

A_VALUE = 125
"""Payloads in one value here: the house's own words take each apart already, and a rendering takes hundredths."""

LETTER = samples("en")["statement_to_customer"]
NAMES = {"c": LETTER, "lang": "en"}


def one_part(part: str, source: str) -> Wording:
    """A wording of one variant that says one part otherwise."""
    return wording_of({"variants": [{"name": "A", part: source}]})


ESCAPES = (
    "{{ ().__class__ }}", "{{ c.__class__.__mro__ }}", "{{ c['__class__'] }}", "{{ c|attr('__class__') }}",
    "{{ c.company.__class__ }}", "{{ c.name.format('') }}", "{{ '{0.__class__}'.format(c) }}",
    "{{ '%999999999d' % 1 }}",
    "{{ 'x' * 999999999 }}", "{{ 9 ** 9 ** 9 }}", "{{ c.name.ljust(999999999) }}", "{{ range(99999999) }}",
    "{{ lipsum(9999) }}", "{{ cycler }}", "{{ self }}", "{{ self._TemplateReference__context }}", "{{ config }}",
    "{{ namespace }}", "{{ joiner }}", "{{ dict }}", "{{ loop }}", "{{ [] }}", "{{ {} }}", "{{ c.aging[0] }}",
    "{{ c.aging|map(attribute='__class__')|list }}", "{{ c.name|safe }}", "{{ c.name|center(999999) }}",
    "{{ c.name|format('x') }}", "{{ c.name|indent(9999999) }}", "{{ c.name|wordwrap(1) }}", "{{ c.name|xmlattr }}",
    "{{ t('{0.__class__}', 1) }}", "{{ t('{x}', x=c) }}", "{{ t(**{'a': 1}) }}", "{{ t(*c.aging) }}",
    "{{ money.__globals__ }}", "{{ t.__closure__ }}", "{{ c.company is callable }}", "{{ c.company is sameas(c) }}",
    "{% set x = c %}", "{% macro m() %}{{ m() }}{% endmacro %}", "{% include 'layout.html' %}",
    "{% import 'parts.html' as p %}", "{% extends 'layout.html' %}", "{% block b %}{% endblock %}",
    "{% call c() %}{% endcall %}", "{% filter upper %}x{% endfilter %}", "{% with %}{% endwith %}",
    "{% for a in c.aging %}{% for b in c.aging %}x{% endfor %}{% endfor %}", "{% for a in 'abc' %}x{% endfor %}",
    "{% for a, b in c.aging %}x{% endfor %}", "{% for a in c.aging recursive %}x{% endfor %}",
    "{% endif %}", "{{", "{{ }}", "{{ c.nothing }}", "{{ nobody }}", "{{ c.aging.append }}",
    "{{ " + "-" * 200 + "1 }}", "{{ " + "(" * 5_000 + "1" + ")" * 5_000 + " }}", "{{ " + "not " * 900 + "1 }}",
    "{% if c %}" * (DEPTH_MOST + 1) + "{% endif %}" * (DEPTH_MOST + 1), "x" * (SOURCE_MOST + 1),
)  # fmt: skip
"""Texts that reach for more than values, or for more time or space than a mail is worth."""

HTML_ESCAPES = (
    "<script>1</script>", "<style>*{}</style>", "<img src=x>", "<iframe></iframe>", "<form></form>", "<svg/onload=1>",
    "<p onclick=1>x</p>", "<p style='background:url(x)'>x</p>", "<a href='javascript:1'>x</a>",
    "<a href='data:,x'>x</a>",
    "<a href=' java\nscript:1'>x</a>", "<a href='//evil.example'>x</a>", "<p class='page'>x</p>", "<p>", "</td></tr>",
    "</p>", "<!-- x -->", "<!doctype html>", "<?php ?>", "<![CDATA[x]]>", "<b><i></b></i>", "<object data=x></object>",
    "<link rel=x>", "<meta http-equiv=refresh>", "<base href=x>", "<math><mi></mi></math>", "<p background=x>x</p>",
)  # fmt: skip


@pytest.mark.parametrize("source", ESCAPES, ids=range(len(ESCAPES)))
def test_what_is_not_in_the_language_is_refused(source: str) -> None:
    """In every part, before anything of it is told; never by an error of ours."""
    for part in PARTS:
        problems = problems_of("statement_to_customer", "en", one_part(part, source))
        assert [one.part for one in problems[:1]] == [part], (source[:60], part)
        assert all(one.text(language) for one in problems for language in ("en", "zh"))


@pytest.mark.parametrize("html", HTML_ESCAPES)
def test_html_beyond_words_lists_tables_and_links_is_refused(html: str) -> None:
    """Also what a browser would mend."""
    with pytest.raises(WordingFailedError):
        clean_html(html)


@settings(max_examples=200)
@given(st.text(alphabet=st.sampled_from("<>/\"'=&;! abpscript:\n\x00-"), max_size=60))
def test_clean_html_is_a_fixed_point_without_anything_that_runs(html: str) -> None:
    """What comes out is read again as the very same, and holds no tag that was not allowed."""
    try:
        once = clean_html(html)
    except WordingFailedError:
        return
    assert clean_html(once) == once
    assert tags_of(once).dangerous == []


def test_a_text_that_grows_beyond_measure_ends() -> None:
    """By its length, whatever the data are."""
    assert isinstance(LETTER, StatementToCustomer)
    grown = replace(LETTER, aging=LETTER.aging * (OUTPUT_MOST // 30))
    assert isinstance(grown, StatementToCustomer)
    with pytest.raises(WordingFailedError, match="longer than"):
        fill("{% for one in c.aging %}" + "long enough" * 9 + "{% endfor %}", "text", {**NAMES, "c": grown})


def own_words(name: str) -> Variant:
    """Every value of a kind's context, in every part, and in places where HTML is touchy."""
    letter = samples("en")[name]
    plain = [
        field
        for field in type(letter).__dataclass_fields__
        if isinstance(getattr(letter, field), str) and field not in ("link", "unsubscribe")
    ]
    lists = [field for field in type(letter).__dataclass_fields__ if isinstance(getattr(letter, field), tuple)]
    all_plain = " ".join(f"{{{{ c.{field} }}}}" for field in plain)
    all_lists = " ".join(f"{{% for one in c.{field} %}}{{{{ one }}}}{{% endfor %}}" for field in lists)
    return Variant(
        "A", 1, all_plain, f"{all_plain}\n{all_lists}\n{{{{ c.link }}}}",
        f"<p class=\"strong\">{all_plain}</p><ul><li>{all_lists}</li></ul>{{{{ button('x') }}}}",
        f"*{all_plain}*\n{all_lists}",
    )  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
def test_no_value_escapes_through_own_words(name: str) -> None:
    """Five hundred payloads in every field of every message: the same tags and blocks, one line of subject."""
    kind, letter, variant = base_kind(name), samples("en")[name], own_words(name)
    calm = render_own(kind, poisoned(letter, "calm"), "en", variant)
    for start in range(0, len(PAYLOADS), A_VALUE):
        evil = render_own(kind, poisoned(letter, " ".join(PAYLOADS[start : start + A_VALUE])), "en", variant)
        assert tags_of(evil.html).tags == tags_of(calm.html).tags
        assert tags_of(evil.html).dangerous == []
        assert evil.subject.isprintable()
        assert "9359" not in evil.subject.replace("alert(9359)", "").replace("%}9359", "")
        assert [block["type"] for block in evil.blocks] == [block["type"] for block in calm.blocks]
        for part in texts_of(evil.blocks):
            if part.get("type") == "mrkdwn":
                assert not {"<", ">"} & set(part["text"])
        json.dumps(evil.blocks)


@pytest.mark.parametrize("part", PARTS)
def test_no_payload_is_a_way_out_as_a_text(part: str) -> None:
    """The same payloads written as own words: refused, or told as plain words without anything that runs."""
    for payload in PAYLOADS:
        try:
            told = fill(payload, part, NAMES)
            html = clean_html(told) if part == "html" else ""
        except WordingFailedError:
            continue
        assert tags_of(html).dangerous == []
        assert "9359" not in told.replace("alert(9359)", "").replace("1337 * 7", "")
        assert "object at 0x" not in told


def test_every_refusal_of_the_language_has_its_chinese() -> None:
    """As they come, with their values."""
    seen = set()
    for part, sources in (("text", ESCAPES), ("html", HTML_ESCAPES)):
        for source in sources:
            seen |= {one.sentence for one in problems_of("statement_to_customer", "en", one_part(part, source))}
    assert len(seen) > 12
    assert [sentence for sentence in seen if translate(sentence, "zh") == sentence] == []
