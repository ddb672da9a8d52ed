"""Shows an explanation as a web page: the text as displaCy draws it, below it a table of its events.

The page stands alone (nothing is loaded), and everything that comes from a text or from the rules is escaped.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import replace
from html import escape
from itertools import pairwise
from typing import Any, Literal

from bot.nlp.explanation import Account, Explanation, Fired, Standing
from bot.nlp.lines import DECIDED, OUTCOMES, listed, quoted, reason, spoken
from bot.nlp.marks import Mark, marks_in, written_out_with

_WORD = re.compile(r"\S+")
_STEP = 20  # pixels between the lines of spans that overlap: as high as a label
_STYLE = """
:root { color-scheme: light dark; --page: #fff; --ink: #1b1f24; --dim: #59636e; --line: #d1d9e0; --company: #9fd8e8; --event: #ffd479; }
@media (prefers-color-scheme: dark) {
  :root { --page: #14171b; --ink: #e6e9ec; --dim: #9aa4af; --line: #3a424b; --company: #6fbdd3; --event: #e0b354; }
}
body { background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.3rem; } h2 { font-size: 1.05rem; margin-top: 2rem; }
.read { border: 1px solid var(--line); border-radius: .5rem; padding: .3rem 1rem .8rem; overflow-wrap: anywhere; }
.read mark { color: #111; unicode-bidi: isolate; }
.read .spans > span span { white-space: nowrap; overflow-wrap: normal; }
.title { font-size: 1.15rem; margin-bottom: .6rem; }
.table { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); padding: .4rem .6rem; }
th { color: var(--dim); font-weight: 600; }
td p, dd p { margin: 0 0 .25rem; }
small, dt { color: var(--dim); }
code { overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; } dd { margin: 0; }
meter { width: 7rem; vertical-align: middle; }
""".strip()
_FRAME = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>What was understood, and why</title>
<style>
{style}
</style>
</head>
<body>
<h1>What was understood, and why</h1>
{body}
</body>
</html>
"""


def page(explanation: Explanation) -> str:
    """The whole page as HTML."""
    e = explanation
    parts = [_drawn(e, "title"), _drawn(e, "text"), _facts(e)]
    if e.silence:
        parts.append(f"<h2>No event</h2>\n<p><strong>{escape(e.silence)}</strong>: {escape(e.because)}</p>")
    if e.events:
        rows = (_event(n, event) for n, event in enumerate(e.events, 1))
        parts.append(_table("Events", ("", "theme", "actor", "certainty", "evidence", "why"), rows))
    if idle := [c for c in e.cues if c.standing is not Standing.HOLDS]:
        rows = ((escape(c.theme), _cue(c), escape(c.standing)) for c in idle)
        parts.append(
            _table("Cues that fired without an event of their own", ("theme", "cue", "why not"), rows)
        )
    if e.any_claim is not None:
        rows = (
            (escape(c.theme), _meter(c.chance), f"{c.threshold:.2f}", escape(OUTCOMES[c.outcome][0]))
            for c in listed(e.chances)
        )
        heading = f"Chances of the themes ({e.any_claim:.2f} that it makes any claim)"
        parts.append(_table(heading, ("theme", "chance", "told from", "outcome"), rows))
    parts.append(f"<p><small>Analyzer {escape(e.version)}</small></p>")
    return _FRAME.format(style=_STYLE, body="\n".join(filter(None, parts)))


def _drawn(explanation: Explanation, field: Literal["title", "text"]) -> str:
    stored = explanation.title if field == "title" else explanation.text
    text, marks = written_out_with(stored, marks_in(explanation, field))
    lines = "\n".join(_line(text[start:end], _within(marks, start, end)) for start, end in _lines(text))
    return f'<div class="read {field}">{lines}</div>' if lines else ""


def _lines(text: str) -> Iterable[tuple[int, int]]:
    return (m.span() for m in re.finditer(r"[^\n]*\S[^\n]*", text))


def _within(marks: Sequence[Mark], start: int, end: int) -> list[Mark]:
    """The marks of a line, in its own characters; none goes beyond the end of a sentence, and so of a line."""
    return [replace(m, start=m.start - start, end=m.end - start) for m in marks if start <= m.start < end]


def _line(text: str, marks: Sequence[Mark]) -> str:
    """A line with its marks: as entities where they stand apart, as spans where they overlap."""
    overlap = any(a.end > b.start for a, b in pairwise(marks))
    return _spans(text, marks) if overlap else _entities(text, marks)


def _entities(text: str, marks: Sequence[Mark]) -> str:
    ents = [{"start": m.start, "end": m.end, "label": escape(m.label)} for m in marks]
    return _render({"text": text, "ents": ents}, "ent", text, marks)


def _spans(text: str, marks: Sequence[Mark]) -> str:
    edges = {edge for m in marks for edge in (m.start, m.end)}
    places = [place for m in _WORD.finditer(text) for place in _parts(m.start(), m.end(), edges)]
    spans = []
    for mark in marks:
        inside = [n for n, (start, end) in enumerate(places) if start < mark.end and end > mark.start]
        spans.append({"start_token": inside[0], "end_token": inside[-1] + 1, "label": escape(mark.label)})
    return _render({"tokens": [text[a:b] for a, b in places], "spans": spans}, "span", text, marks)


def _parts(start: int, end: int, edges: set[int]) -> Iterable[tuple[int, int]]:
    cuts = [start, *sorted(e for e in edges if start < e < end), end]
    return pairwise(cuts)


def _render(parsed: dict[str, Any], style: Literal["ent", "span"], text: str, marks: Sequence[Mark]) -> str:
    from spacy import displacy  # takes a second: only when a page is asked for

    parsed["settings"] = {"lang": "en", "direction": _direction(text)}
    options = {"colors": {escape(m.label): f"var(--{m.kind})" for m in marks}, "top_offset_step": _STEP}
    return displacy.render(parsed, style=style, manual=True, jupyter=False, options=options)


def _direction(text: str) -> str:
    """That of the first letter that has one."""
    kinds = (unicodedata.bidirectional(c) for c in text)
    return "rtl" if next((k for k in kinds if k in ("L", "R", "AL")), "L") != "L" else "ltr"


def _facts(explanation: Explanation) -> str:
    e = explanation
    companies = {m.id: m.name for m in e.mentions}
    facts = [
        ("read as", escape(e.kind)),
        ("companies", escape("; ".join(f"{i} {name}" for i, name in companies.items()) or "none")),
        ("sectors", escape("; ".join(e.sectors) or "none")),
        ("flags", escape("; ".join(f"{p.name} by {quoted(p.words)}" for p in e.flags))),
        ("not read", escape("; ".join(quoted(p.words) for p in e.cut))),
        ("unread", f"{e.unread:,} characters more, beyond what is read of an entry" if e.unread else ""),
    ]
    return "<dl>" + "".join(f"<dt>{name}</dt><dd>{said}</dd>" for name, said in facts if said) + "</dl>"


def _event(number: int, event: Account) -> Sequence[str]:
    axes = ", ".join(spoken(axis) for axis in (event.stage, event.attribution, event.polarity))
    why = [_cue(event.cue) if event.cue else "no cue; the learned part found it"]
    if event.chance is not None and event.threshold is not None:
        why.append(f"theme {_meter(event.chance)} told from {event.threshold:.2f}")
    why += [f"actor {escape(c.actor or 'nobody')} {_meter(c.chance)}" for c in event.actors if c.is_chosen]
    others = ", ".join(f"{c.actor or 'nobody'} {c.chance:.2f}" for c in event.actors if not c.is_chosen)
    why.append(f"other actors: {escape(others)}" if others else "")
    signs = "; ".join(map(reason, event.signs)) or "no word says otherwise"
    why.append(f"{escape(DECIDED[event.decided])}: {event.by_rules.value} by the rules ({escape(signs)})")
    shares = ", ".join(f"{m.value} {share:.2f}" for m, share in event.shares)
    why.append(f"learned part: {shares}" if shares else "")
    return (
        str(number),
        f"<strong>{escape(event.theme)}</strong><br><small>{escape(event.name)}</small>",
        f"<strong>{escape(event.actor or 'nobody')}</strong><br><small>{escape(event.actor_name)}</small>",
        f"<strong>{event.modality.value}</strong>, {'news' if event.fresh else 'background'}<br><small>{axes}</small>",
        escape(quoted(event.words)),
        "".join(f"<p>{part}</p>" for part in why if part),
    )


def _cue(cue: Fired) -> str:
    score = f", score {cue.score:.2f}" if cue.score < 1 else ""
    return f"<code>{escape(cue.cue)}</code> at {escape(quoted(cue.words))} <small>{escape(cue.where)}{score}</small>"


def _meter(chance: float) -> str:
    return f'<meter value="{chance:.4f}">{chance:.2f}</meter> {chance:.2f}'


def _table(heading: str, names: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{name}</th>" for name in names)
    body = "\n".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<h2>{heading}</h2>\n<div class="table"><table>\n<tr>{head}</tr>\n{body}\n</table></div>'
