"""What was decided about an entry, for one chat, in a sentence, and what can be done about it in another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

from bot.delivery.details import levels, why_text
from bot.delivery.sheet import clip
from bot.delivery.words import Names, clock_time, level_word, rule_text
from bot.following import own_rule
from bot.locale import marked, tr
from bot.model import Reason, Severity, Target, TargetKind, Verdict
from bot.nlp.explanation import Silence
from bot.rules.book import Rulebook
from bot.rules.parts import Condition
from bot.ruling.clauses import both, clauses, quoted
from bot.ruling.matter import Listener, Matter, Near, follows
from bot.ruling.reading import support
from bot.ruling.trial import SILENCES

_NAME, _CLAUSE, _LONG = 60, 160, 320

_HEADS: Mapping[Reason, str] = {
    Reason.INHIBITED: marked("It got no card of its own: {why}."),
    Reason.AWAY: marked("It did not ring: {why}."),
    Reason.OVER_BUDGET: marked("It did not ring: {why}."),
    Reason.ECHO: marked("Nobody was told anew: {why}."),
    Reason.UNCHANGED: marked("Nobody was told anew: {why}."),
    Reason.UNCORROBORATED: marked("Nobody was told yet: {why}."),
}
"""How the sentence begins where it was not simply untold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """The verdict, and what to do about it; empty for nothing."""

    verdict: str
    advice: str = ""


class Judge:
    """Says it.

    Args:
        book: The rules in force.
        names: Readable names of companies, sectors, themes and rules.
        listener: Who asks.
        now: Decides which times need a day beside them.
        tz: The zone in which times are shown.
    """

    def __init__(self, book: Rulebook, names: Names, listener: Listener, now: datetime, tz: tzinfo) -> None:
        self._book, self._names, self._listener = book, names, listener
        self._now, self._tz = now, tz

    def say(self, matter: Matter, near: Near | None, silence: Silence | None) -> Said:
        """The verdict in a sentence.

        Args:
            matter: What was decided.
            near: The nearest rule that was not satisfied.
            silence: Why there is no event in it, as far as that is known.
        """
        verdict = matter.verdict
        if verdict is None:
            if matter.elsewhere:
                return self._unfollowed(matter)
            return Said(verdict=tr("Nothing was decided about it that is still kept."))
        why = self.why(verdict)
        if verdict.decision.send:
            at = clock_time(verdict.at, self._now, self._tz)
            return Said(verdict=tr("You were told, {time}: {why}.", time=at, why=why))
        because = self._because(matter, verdict.decision.reason, near, silence)
        if because:
            why = tr("{reason}, as {because}", reason=why, because=because)
        head = _HEADS.get(verdict.decision.reason, "")
        if not head:
            head = (
                marked("You were not told: {why}.")
                if verdict.subscriber_id
                else marked("Nobody was told: {why}.")
            )
        return Said(verdict=tr(head, why=why), advice=self._advice(matter, verdict))

    def why(self, verdict: Verdict) -> str:
        """The reason in a clause, with its end where it has one."""
        why = why_text(verdict.decision, names=self._names, now=self._now, tz=self._tz)
        if verdict.decision.until is None:
            return why
        until = clock_time(verdict.decision.until, self._now, self._tz)
        if verdict.decision.reason is Reason.THROTTLED:
            return tr("{why} and rests until {time}", why=why, time=until)
        return tr("{why}, until {time}", why=why, time=until)

    def _because(self, matter: Matter, reason: Reason, near: Near | None, silence: Silence | None) -> str:
        """What in the text made it so, in a clause; empty where that is not known."""
        if reason is Reason.NO_EVENT and silence is not None:
            return tr(SILENCES[silence])
        if reason is not Reason.NO_RULE:
            return ""
        if near is not None and near.fact is not None:
            return clip(both(clauses(near.fact, self._names)), _CLAUSE)
        told = [event.theme for event in matter.analysis.fresh_events]
        if near is None and told:
            found = quoted(clip(self._names(told[0]), _NAME))
            return tr("it tells of {themes}", themes=found)
        return ""

    def _advice(self, matter: Matter, verdict: Verdict) -> str:
        decision = verdict.decision
        match decision.reason:
            case Reason.BELOW_LEVEL if (found := levels(decision)) is not None:
                return self._louder(found[0])
            case Reason.MUTED if decision.until is not None and decision.until > self._now:
                return tr("/mutes shows what is muted.")
            case Reason.OVER_BUDGET:
                return tr("/budget sets how often a day this chat rings.")
            case Reason.NOT_WATCHED:
                return self._follow(matter)
            case Reason.UNCORROBORATED:
                rule = self._book.rule(verdict.rule_id)
                return support(rule.policy) if rule is not None and rule.policy.corroborate else ""
            case Reason.NO_RULE | Reason.NO_EVENT:
                return tr("If it should have been told, /feedback reaches the managers of this bot.")
        return ""

    def _louder(self, level: Severity) -> str:
        subscriber = self._listener.subscriber
        if subscriber is not None and subscriber.level <= level:
            return tr("Since then the level of this chat has changed: now it would be told.")
        return tr("/level {level} would have told you.", level=level_word(level))

    def _follow(self, matter: Matter, level: Severity = Severity.CRITICAL) -> str:
        """What would have to be followed; and which level asked for, where its card is of a level that is too low here."""
        subscriber = self._listener.subscriber
        too_low = subscriber is not None and level < subscriber.level
        analysis = matter.analysis
        ids = [e.actor for e in analysis.fresh_events if e.actor] or list(analysis.companies)
        ids += [e.theme for e in analysis.fresh_events]
        for an_id in ids:
            name = self._names(an_id)
            if name.isprintable() and not set(name) & set(",:/@"):
                name = clip(name, _NAME)
                if too_low:
                    text = marked("/watch {name} and /level {level} would have told you.")
                    return tr(text, name=name, level=level_word(level))
                return tr("/watch {name} would have told you.", name=name)
        return ""

    def _unfollowed(self, matter: Matter) -> Said:
        """Why others were told and this chat was not."""
        subscriber, head = self._listener.subscriber, marked("You were not told: {why}.")
        if subscriber is None or not subscriber.active:
            why = tr("alerts are off in this chat, others were told")
            return Said(verdict=tr(head, why=why), advice=tr("/start turns them on."))
        rules = [rule for an_id in matter.elsewhere if (rule := self._book.rule(an_id)) is not None]
        packs, sectors = [rule.pack for rule in rules], self._book.known.companies
        followed = [t for t in self._listener.watches if follows(t, matter, packs, sectors)]
        level = max((rule.level for rule in rules), default=Severity.CRITICAL)
        quiet = [t for t in followed if self._listener.floors.get(t, level) > level]
        if quiet and quiet == followed:
            least = level_word(self._listener.floors[quiet[0]])
            why = tr(
                "its card was {level}, and this chat hears of {name} from {least} on",
                level=level_word(level),
                name=self._called(quiet[0]),
                least=least,
            )
            return Said(verdict=tr(head, why=why), advice=self._again(quiet[0]))
        loud = [target for target in followed if target not in quiet]
        if loud:
            why = tr("this chat did not follow {name} yet when it came", name=self._called(loud[0]))
            return Said(verdict=tr(head, why=why))
        why = tr("this chat follows nothing that it is about; others were told")
        return Said(verdict=tr(head, why=why), advice=self._follow(matter, level))

    def _again(self, target: Target) -> str:
        """How to hear of all of it again, as one types that; a rule of one's own can't be typed so."""
        if target.kind is TargetKind.RULE:
            return ""
        typed = "all" if target.kind is TargetKind.ALL else self._called(target)
        return tr("/watch {name} takes that back.", name=typed)

    def _called(self, target: Target) -> str:
        if target.kind is TargetKind.ALL:
            return tr("everything")
        rule = own_rule(target)
        if rule is not None:
            return clip(rule_text(rule, self._names), _NAME)
        return quoted(target.id) if target.kind is TargetKind.WORD else clip(self._names(target.id), _NAME)


def near_text(near: Near, names: Names, but: Condition | None = None) -> str:
    """What keeps a rule from telling it, in a clause; what is so instead only where that is not `but`."""
    wanted = clip(both(clauses(near.wanted, names)), _LONG)
    if (
        near.fact is None or near.fact == but or near.key == "text"
    ):  # that words are missing goes without saying
        return tr("it tells only where {wanted}", wanted=wanted)
    have = clip(both(clauses(near.fact, names)), _CLAUSE)
    return tr("it tells only where {wanted}, not where {found}", wanted=wanted, found=have)
