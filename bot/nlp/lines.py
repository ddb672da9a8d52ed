"""Shows an explanation in a terminal, or as plain lines where the output is none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console
from rich.text import Text

from bot.nlp.explanation import Account, Chance, Decided, Explanation, Fired, Outcome, Passage, Standing
from bot.nlp.marks import Mark, marks_in, written_out, written_out_with
from bot.nlp.modality import Sign
from bot.text import one_line

Row = tuple[str, Text]  # what it is about, and what is said of it

_COLUMN = 12  # characters before what a line says
_SHOWN = 600  # characters of a text that is shown whole; of a longer one what surrounds its marks
_AROUND = 80
_QUOTED, _PATTERN = 120, 90
_CANDIDATES = 4
_BELOW = 3  # themes far below their threshold that are listed
_STYLES = {"company": "cyan", "event": "bold underline"}
OUTCOMES = {
    Outcome.TOLD: ("told", "green"),
    Outcome.ALMOST: ("almost", "yellow"),
    Outcome.BELOW: ("below", "dim"),
    Outcome.VETOED: ("a cue fired, but it is hardly likely", "red"),
    Outcome.BARRED: ("not added to what a cue has found in a headline alone", "yellow"),
    Outcome.RECALLED: ("background", "yellow"),
    Outcome.WITHOUT_ACTOR: ("nobody is left who acts", "yellow"),
}
DECIDED = {
    Decided.RULES: "the rules decide alone",
    Decided.BOTH: "rules and learned part agree",
    Decided.RULES_OVER_LEARNED: "the rules stand against the learned part",
    Decided.LEARNED_OVER_RULES: "the learned part overrules the rules",
}


def show(explanation: Explanation, console: Console) -> None:
    """Print an explanation: wrapped and in colour on a terminal, else a line for each fact."""
    width = max(console.width - _COLUMN, _COLUMN) if console.is_terminal else None
    for label, said in rows(explanation):
        said.plain = said.plain.encode(console.encoding, "replace").decode(console.encoding)
        lines = said.split(allow_blank=True) if width is None else said.wrap(console, width, overflow="fold")
        for n, line in enumerate(lines or [said]):
            whole = Text(f"{'' if n else label:{_COLUMN}}", style="dim" if said else "bold")
            whole = Text.assemble(whole, line)
            whole.rstrip()
            console.print(whole, soft_wrap=True)


def rows(explanation: Explanation) -> Iterator[Row]:
    """An explanation row by row; an empty one parts its sections."""
    e = explanation
    yield from (("title", _marked(e.title, marks_in(e, "title"))),) if e.title else ()
    yield from (("text", _marked(e.text, marks_in(e, "text"))),) if e.text else ()
    if e.unread:
        yield "unread", Text(f"{e.unread:,} characters more, beyond what is read of an entry", "yellow")
    yield "read as", Text(e.kind.value)
    yield "companies", _listed(_companies(e.mentions))
    yield "sectors", _listed(Text(s, "cyan") for s in e.sectors)
    if e.flags:
        yield "flags", _listed(Text.assemble((p.name, "yellow"), f" by {quoted(p.words)}") for p in e.flags)
    if e.cut:
        yield "not read", _listed(Text(quoted(p.words)) for p in e.cut)
    if e.silence:
        yield "", Text()
        yield "no event", Text.assemble((e.silence.value, "bold yellow"), f": {e.because}")
    for n, event in enumerate(e.events, 1):
        yield "", Text()
        yield from _account(n, event)
    idle = [c for c in e.cues if c.standing is not Standing.HOLDS]
    if idle:
        yield "", Text()
    for n, cue in enumerate(idle):
        said = Text.assemble((f"{cue.theme}: ", ""), _cue(cue), (f" – {cue.standing.value}", "yellow"))
        yield "" if n else "idle cues", said
    if e.any_claim is not None:
        yield "", Text()
        yield "chances", Text(f"{e.any_claim:.2f} that it makes any claim; of each theme:")
        for chance in listed(e.chances):
            yield "", _chance(chance)


def listed(chances: Sequence[Chance]) -> list[Chance]:
    """The themes worth a look: all but those below their threshold, and the first few of these."""
    below = [c for c in chances if c.outcome is Outcome.BELOW]
    return [c for c in chances if c.outcome is not Outcome.BELOW or c in below[:_BELOW]]


def quoted(words: str) -> str:
    """Words in quotation marks, in one line, cut in the middle where they are many."""
    return f"“{_middle_cut(written_out(one_line(words)), _QUOTED)}”"


def reason(sign: Sign) -> str:
    """Why a rule of modality spoke, in a few words."""
    return f"{spoken(sign.rule)}: {quoted(sign.words) if sign.words else sign.note}"


def spoken(word: str) -> str:
    """A word of the code as people write it."""
    return word.replace("_", " ")


def _middle_cut(text: str, limit: int) -> str:
    half = limit // 2
    return text if len(text) <= limit else f"{text[:half].rstrip()} … {text[-half:].lstrip()}"


def _account(number: int, event: Account) -> Iterator[Row]:
    modality = Text(event.modality.value, style="red" if event.modality.value == "denied" else "green")
    news = "news" if event.fresh else "background"
    yield (
        f"event {number}",
        Text.assemble(
            (event.theme, "bold"), " · ", (event.actor or "nobody", "cyan"), " · ", modality, f" · {news}"
        ),
    )
    yield "", Text(f"{event.name}; {event.actor_name}")
    place = f"{event.span.field}, characters {event.span.start:,} to {event.span.end:,}"
    yield "evidence", Text.assemble((quoted(event.words), "bold"), (f" {place}", "dim"))
    yield "cue", _cue(event.cue) if event.cue else Text("none; the learned part found it")
    if event.chance is not None and event.threshold is not None:
        reach = " as a cue has found it" if event.cue else ""
        yield "chance", Text(f"{event.chance:.2f}, told from {event.threshold:.2f}{reach}")
    if event.actors:
        yield (
            "actors",
            _listed(
                Text(f"{c.actor or 'nobody'} {c.chance:.2f}", "green" if c.is_chosen else "dim")
                for n, c in enumerate(event.actors)
                if c.is_chosen or n < _CANDIDATES
            ),
        )
    axes = ", ".join(spoken(axis) for axis in (event.stage, event.attribution, event.polarity))
    yield "certainty", Text(f"{axes}; {DECIDED[event.decided]}")
    because = "; ".join(reason(s) for s in event.signs) or "no word says otherwise"
    yield "  rules", Text(f"{event.by_rules.value}; {because}")
    if event.shares:
        yield "  learned", Text(", ".join(f"{m.value} {share:.2f}" for m, share in event.shares))


def _cue(cue: Fired) -> Text:
    score = f", score {cue.score:.2f}" if cue.score < 1 else ""
    return Text.assemble(
        (_middle_cut(cue.cue, _PATTERN), "magenta"),
        f" at {quoted(cue.words)} ",
        (f"{cue.where}{score}", "dim"),
    )


def _chance(chance: Chance) -> Text:
    word, style = OUTCOMES[chance.outcome]
    return Text.assemble(
        (f"{chance.chance:.2f} of {chance.threshold:.2f}  {chance.theme:22}", ""), (word, style)
    )


def _companies(mentions: Sequence[Passage]) -> Iterator[Text]:
    """Each company once, with all the words that name it."""
    by_id: dict[str, list[Passage]] = {}
    for m in mentions:
        by_id.setdefault(m.id, []).append(m)
    for company, found in by_id.items():
        words = dict.fromkeys(quoted(m.words) for m in found)
        yield Text.assemble((company, "cyan"), f" {found[0].name} by {', '.join(words)}")


def _listed(parts: Iterable[Text]) -> Text:
    return Text("; ").join(parts) or Text("none", "dim")


def _marked(text: str, marks: Sequence[Mark]) -> Text:
    plain, moved = written_out_with(text, marks)
    whole = Text(plain)
    for mark in moved:
        whole.stylize(_STYLES[mark.kind], mark.start, mark.end)
    if len(plain) <= _SHOWN:
        return whole
    parts: list[list[int]] = []
    for mark in sorted(moved, key=lambda m: m.start) or [Mark(0, 0, "", "event")]:
        start, end = max(0, mark.start - _AROUND), min(len(plain), mark.end + _AROUND)
        if parts and start <= parts[-1][1]:
            parts[-1][1] = max(end, parts[-1][1])
        else:
            parts.append([start, end])
    kept = Text(" … ").join(whole[a:b] for a, b in parts)
    return Text.assemble("… " if parts[0][0] else "", kept, " …" if parts[-1][1] < len(plain) else "")
