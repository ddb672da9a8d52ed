"""Useful or noise: what readers say of cards, and what that says of rules and sources."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta

from bot.delivery.parts import Handler
from bot.delivery.replies import Chat, Reply, line, old_button
from bot.delivery.sheet import MAX_DATA, Sheet, clip, say
from bot.following import Subject
from bot.locale import marked, show_number, tr
from bot.model import Button, EntityKind, Target
from bot.ports import Clock, Desk
from bot.shelves import Feedback, Vote, Votes

_NO_SECTORS: Mapping[str, str] = {}
SPAN = timedelta(days=90)  # votes older than this say nothing of a rule as it is now
LEAST = 10  # votes before anything is said of a rule or a source
DOUBTED = 0.5  # where even the upper bound of the share of useful cards is below, a demotion is proposed
OWN_LEAST = 4  # votes of one chat on a rule before a mute is offered, and before a share is named
_CONFIDENCE = 1.96  # standard normal quantile of 95%
MOST = 500  # votes of one chat that are looked at
_SHOWN = 12
_NAME = 60

REASONS: Mapping[str, tuple[str, str]] = {
    "topic": (marked("Not about it"), marked("not about it")),
    "old": (marked("Old news"), marked("old news")),
    "company": (marked("Wrong company"), marked("wrong company")),
    "denied": (marked("Denied or untrue"), marked("denied or untrue")),
    "minor": (marked("Too minor"), marked("too minor")),
}
"""What may be wrong with a card: on a button, and within a sentence."""


class Voting:
    """The part of the commands that takes votes on cards, and shows operators what came of them."""

    managing: frozenset[str] = frozenset()

    def __init__(self, desk: Desk, feedback: Feedback, clock: Clock, operators: Collection[str] = ()) -> None:
        self._desk, self._feedback, self._clock, self._operators = desk, feedback, clock, frozenset(operators)
        self.commands: Mapping[str, Handler] = {"precision": self.precision}
        self.buttons: Mapping[str, Handler] = {"good": self.good, "noise": self.noise}

    def good(self, text: str, chat: Chat) -> Reply:
        """A reader found a card useful."""
        return self._vote(text, chat, useful=True, reason="")

    def noise(self, text: str, chat: Chat) -> Reply:
        """A reader found a card useless; asks why, and takes the answer."""
        alert_id, _, reason = text.partition(":")
        if reason and reason not in REASONS:
            return old_button()
        reply = self._vote(alert_id, chat, useful=False, reason=reason)
        if reason or not reply.toast:
            return reply
        buttons = [Button(tr(label), data=f"noise:{alert_id}:{key}") for key, (label, _) in REASONS.items()]
        rows = [[b] for b in buttons if len(b.data.encode()) <= MAX_DATA]
        return Reply(cards=(Sheet().line(tr("Noted as noise. What was wrong with it?")).card(rows),))

    def _vote(self, alert_id: str, chat: Chat, *, useful: bool, reason: str) -> Reply:
        found = self._desk.why(alert_id, subscriber_id=chat.subscriber_id) if alert_id else None
        if found is None:
            return line(tr("I know no alert for that message."))
        alert, who = found.alert, chat.user or chat.subscriber_id
        noted = self._feedback.vote(
            alert,
            found.entry.feed_id,
            chat.subscriber_id,
            who,
            useful=useful,
            reason=reason,
            now=self._clock(),
        )
        if not noted:
            return line(tr("That card was not sent here, so it has no vote of this chat."))
        if useful:
            return Reply(toast=tr("Noted: useful. Thank you."))
        if not reason:
            return Reply(toast=tr("Noted: noise."))
        mine = self._feedback.of_reader(alert.rule_id, chat.subscriber_id, self._clock() - SPAN)
        if mine.total >= OWN_LEAST and mine.useful * 4 <= mine.total:
            sheet = Sheet().line(
                tr(
                    "Noted, thank you. {noise} of {total} cards of “{rule}” were noise here. "
                    "Hold this rule back for a week?",
                    noise=mine.total - mine.useful,
                    total=mine.total,
                    rule=clip(alert.title, _NAME),
                )
            )
            return Reply(
                cards=(sheet.card([[Button(tr("Mute this rule 7 d"), data=f"hush:rule:{alert.id}")]]),),
                replace=True,
            )
        thanks = tr("Noted as noise ({reason}). Thank you.", reason=tr(REASONS[reason][1]))
        return Reply(cards=(say(thanks),), replace=True)

    def precision(self, text: str, chat: Chat) -> Reply:
        """How useful rules and sources are, by what readers said; for operators."""
        if chat.user not in self._operators:
            return line(tr("/precision is for the operators of this bot."))
        since = self._clock() - SPAN
        sheet = Sheet().line(tr("Useful cards, by what readers said in 90 days"), EntityKind.BOLD)
        for heading, votes in (
            (marked("Rules: {number} with at least {least} votes"), self._feedback.by_rule(since)),
            (marked("Sources: {number} with at least {least} votes"), self._feedback.by_source(since)),
        ):
            known = [v for v in votes if v.total >= LEAST]
            sheet.line(tr(heading, number=show_number(len(known)), least=LEAST), EntityKind.BOLD)
            for v in sorted(known, key=lambda v: wilson(v.useful, v.total)[1])[:_SHOWN]:
                sheet.line(f"• {clip(v.name, _NAME)}: {shares(v)}")
        for v in doubtful(self._feedback.by_rule(since)):
            sheet.line(
                tr(
                    "Consider a lower level for {rule}: most of its cards are noise to readers.",
                    rule=clip(v.name, _NAME),
                )
            )
        return Reply(cards=(sheet.card(),))


def doubtful(votes: Iterable[Votes]) -> list[Votes]:
    """Those of which even the upper bound of usefulness is low, the worst first: a demotion may be proposed."""
    found = [v for v in votes if v.total >= LEAST and wilson(v.useful, v.total)[1] < DOUBTED]
    return sorted(found, key=lambda v: wilson(v.useful, v.total)[1])


class Shares:
    """How useful a chat has found the cards about each thing that it follows.

    Args:
        votes: Of the chat.
        sectors: Of companies, by their ids.
    """

    def __init__(self, votes: Iterable[Vote], sectors: Mapping[str, str] = _NO_SECTORS) -> None:
        self._cast = [(Subject(vote.alert, vote.entry, sectors), vote.useful) for vote in votes]

    def of(self, target: Target) -> str:
        """'3 of 12 useful, 9% to 53%'; empty where there are too few votes to say."""
        cast = [useful for about, useful in self._cast if about.holds(target)]
        return (
            shares(Votes(name=str(target), useful=sum(cast), total=len(cast)))
            if len(cast) >= OWN_LEAST
            else ""
        )


def shares(votes: Votes) -> str:
    """'3 of 12 useful, 9% to 53%'."""
    low, high = wilson(votes.useful, votes.total)
    return tr(
        "{useful} of {total} useful, {low}% to {high}%",
        useful=votes.useful,
        total=votes.total,
        low=f"{100 * low:.0f}",
        high=f"{100 * high:.0f}",
    )


def wilson(hits: int, total: int) -> tuple[float, float]:
    """The interval in which a share lies with 95% confidence; all of it where nothing is known.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", 1927.
    """
    if total == 0:
        return 0.0, 1.0
    z2 = _CONFIDENCE**2
    share, spread = hits / total, total + z2
    middle = (hits + z2 / 2) / spread
    half = _CONFIDENCE / spread * math.sqrt(total * share * (1 - share) + z2 / 4)
    return max(0.0, middle - half), min(1.0, middle + half)
