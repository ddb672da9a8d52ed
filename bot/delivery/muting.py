"""What a reader does not want to hear for a while: everything, a story, a company, a source or a rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta

from bot.delivery.attention import MAX_MUTE, MIN_MUTE, known
from bot.delivery.clocks import parse_span
from bot.delivery.parts import Handler
from bot.delivery.replies import Chat, Reply, alerts_off, echo, line, old_button
from bot.delivery.sheet import MAX_DATA, Sheet, clip
from bot.delivery.words import alternatives, clock_time, count, kind_word
from bot.hours import next_digest, zone_of
from bot.locale import SOURCE, marked, speaking, tr, tr_n
from bot.model import DENIABLE, Button, Digest, Silence, Subscriber, TargetKind
from bot.ports import Clock, Desk, Explanation, Vocabulary
from bot.text import digest, show_duration

USUAL = timedelta(days=7)  # for a company, a source or a rule
_PREVIEW = timedelta(days=7)
_PREVIEWED = 500  # cards that are looked at for it
_NAME = 40
MOST = 50  # mutes of one reader
_LISTED = 20
_PAUSE, _LIST = "pause", "list"  # in the data of buttons
_OFF = frozenset({"off", "end", "stop", "aus"})
_TODAY = frozenset({"today", "heute"})
_LASTS = marked("A pause lasts from 1m to 30d. /stop turns alerts off for good.")


class Muting:
    """The part of the commands that makes, shows and ends pauses; each has an end, and what it hides is told."""

    def __init__(self, desk: Desk, vocabulary: Vocabulary, clock: Clock) -> None:
        self._desk, self._vocabulary, self._clock = desk, vocabulary, clock
        self.commands: Mapping[str, Handler] = {
            "mute": self.mute,
            "mutes": self.mutes,
            "unmute": self.unmute,
        }
        self.buttons: Mapping[str, Handler] = {
            "mute": self.mute,
            "mutes": self.menu,
            "hush": self.hush,
            "unhush": self.unhush,
        }
        self.managing = frozenset({"mute", "unmute", "hush", "unhush"})

    def mute(self, text: str, chat: Chat) -> Reply:
        """Hold back everything, or what is named, for so long."""
        subscriber = known(self._desk, chat)
        if subscriber is None:
            return alerts_off()
        if text.lower() in _OFF:
            return self.unmute("", chat)
        if not text:
            return line(
                tr(
                    "For how long, or what? /mute 2h, /mute today, /mute nvidia 3d; /mute story as an answer to a card."
                )
            )
        if text.lower() in _TODAY:
            return self._pause(subscriber, _end_of_day(subscriber, self._clock()))
        span = parse_span(text)
        if span is not None:
            return (
                self._pause(subscriber, self._clock() + span)
                if MIN_MUTE <= span <= MAX_MUTE
                else line(tr(_LASTS))
            )
        name, lasts = _apart(text)
        if lasts is not None and not MIN_MUTE <= lasts <= MAX_MUTE:
            return line(tr(_LASTS))
        word, _, rest = name.partition(" ")
        if word.lower() in ("story", "source") and not rest:
            return self._of_card(subscriber, word.lower(), chat.reply_to, lasts)
        if word.lower() == "rule" and rest:
            return self._add(
                subscriber,
                Silence(
                    id="", until=self._ends(lasts, USUAL), rule_id=rest.lower(), comment=clip(rest, _NAME)
                ),
            )
        return self._company(subscriber, name, lasts)

    def menu(self, text: str, chat: Chat) -> Reply:
        """What of a card can be muted, with a button for each."""
        found = self._desk.why(text, subscriber_id=chat.subscriber_id) if text else None
        if found is None:
            return line(tr("I know no alert for that message. /mutes shows what is muted."))
        alert_id = found.alert.id
        rows = [[Button(tr("1 h"), data="mute:1h"), Button(tr("Today"), data="mute:today")]]
        rows.append([Button(tr("This story"), data=f"hush:story:{alert_id}")])
        actor = found.alert.event.actor
        if actor and actor in found.alert.companies:
            rows.append([Button(clip(self._vocabulary.name(actor), _NAME), data=f"hush:company:{alert_id}")])
        rows.append([Button(tr("Source: {name}", name=_source(found)), data=f"hush:source:{alert_id}")])
        fitting = [[b for b in row if len(b.data.encode()) <= MAX_DATA] for row in rows]
        sheet = Sheet().line(tr("Mute what? Denials of what you were told still reach you."))
        return Reply(cards=(sheet.card(fitting),))

    def hush(self, text: str, chat: Chat) -> Reply:
        """Mute what of a card a button names."""
        subscriber = known(self._desk, chat)
        if subscriber is None:
            return alerts_off()
        what, _, reference = text.partition(":")
        if what not in ("story", "company", "source", "rule") or not reference:
            return old_button()
        return self._of_card(subscriber, what, reference, None)

    def unhush(self, text: str, chat: Chat) -> Reply:
        """End a mute by its button, '<id>' of the message that made it or '<id>:list' of the list, which is drawn anew."""
        subscriber = known(self._desk, chat)
        if subscriber is None:
            return alerts_off()
        mute_id, _, place = text.partition(":")
        now = self._clock()
        ended = next((m for m in self._desk.mutes(subscriber.id, now) if m.id == mute_id), None)
        said = tr("That is not muted any more.")
        if mute_id == _PAUSE and subscriber.muted_until is not None and subscriber.muted_until > now:
            self._desk.mute(subscriber.id, None)
            said = tr("No longer muted: {what}.", what=kind_word(TargetKind.ALL))
        elif ended is not None and self._desk.end_mute(subscriber.id, mute_id):
            said = tr("No longer muted: {what}.", what=self._named(ended))
        if place != _LIST:
            return replace(line(said), replace=ended is not None)
        return replace(self.mutes("", chat, said), replace=True)

    def mutes(self, text: str, chat: Chat, said: str = "") -> Reply:
        """What is muted, until when, with a button to end each; `said` stands before it."""
        subscriber = known(self._desk, chat)
        if subscriber is None:
            return alerts_off()
        now, sheet = self._clock(), Sheet()
        found = self._desk.mutes(subscriber.id, now)
        paused = subscriber.muted_until is not None and subscriber.muted_until > now
        if said:
            sheet.line(said)
        if not found and not paused:
            return Reply(cards=(sheet.line(tr("Nothing is muted here.")).card(),))
        sheet.line(tr("Muted here, /unmute all ends everything:"))
        if subscriber.muted_until is not None and paused:
            sheet.line(f"• {self._left(subscriber, kind_word(TargetKind.ALL), subscriber.muted_until)}")
        for mute in found[:_LISTED]:
            sheet.line(f"• {self._left(subscriber, self._named(mute), mute.until)}")
        if len(found) > _LISTED:
            sheet.line(tr("and {number} more", number=len(found) - _LISTED))
        named = [(m.id, self._named(m)) for m in found[:_LISTED]]
        if paused:
            named.insert(0, (_PAUSE, kind_word(TargetKind.ALL)))
        rows = [[Button(f"✕ {name}", data=f"unhush:{mute_id}:{_LIST}")] for mute_id, name in named]
        return Reply(cards=(sheet.card(rows),))

    def unmute(self, text: str, chat: Chat) -> Reply:
        """End the pause, or the mutes that are named, or all."""
        subscriber = known(self._desk, chat)
        if subscriber is None:
            return alerts_off()
        now, wanted = self._clock(), text.casefold()
        found = self._desk.mutes(subscriber.id, now)
        paused = subscriber.muted_until is not None and subscriber.muted_until > now
        if wanted and wanted != "all":
            named = [
                m
                for m in found
                if wanted in (self._named(m).casefold(), m.company.casefold(), m.rule_id.casefold())
            ]
            if not named:
                return line(tr("{name} is not muted here. /mutes shows what is.", name=echo(text)))
            found, paused = named, False
        elif not wanted:
            found = []
        for mute in found:
            self._desk.end_mute(subscriber.id, mute.id)
        if paused:
            self._desk.mute(subscriber.id, None)
        if not found and not paused:
            others = self._desk.mutes(subscriber.id, now)
            said = tr("This chat isn't muted.")
            if others:
                rest = tr_n(
                    "One thing in it is: /mutes shows it.",
                    "{n} things in it are: /mutes shows them.",
                    len(others),
                )
                said = f"{said} {rest}"
            return line(said)
        return line(tr("No longer muted."))

    def _pause(self, subscriber: Subscriber, until: datetime) -> Reply:
        self._desk.mute(subscriber.id, until)
        return line(tr("Muted until {time}. /unmute ends it sooner.", time=self._time(subscriber, until)))

    def _of_card(self, subscriber: Subscriber, what: str, reference: str, lasts: timedelta | None) -> Reply:
        found = self._desk.why(reference, subscriber_id=subscriber.id) if reference else None
        if found is None:
            return line(tr("Which one? Answer a card with {command}.", command=f"/mute {what}"))
        alert = found.alert
        if what == "story":
            title = clip(found.story_title, _NAME)
            made = Silence(id="", until=self._ends(lasts, DENIABLE), story_id=alert.story_id, comment=title)
        elif what == "source":
            made = Silence(
                id="", until=self._ends(lasts, USUAL), feed_id=found.entry.feed_id, comment=_source(found)
            )
        elif what == "rule":
            name = clip(alert.title, _NAME)
            made = Silence(id="", until=self._ends(lasts, USUAL), rule_id=alert.rule_id, comment=name)
        elif alert.event.actor:
            made = self._of_company(alert.event.actor, lasts)
        else:
            return old_button()
        return self._add(subscriber, made)

    def _company(self, subscriber: Subscriber, name: str, lasts: timedelta | None) -> Reply:
        targets = self._vocabulary.resolve(name)
        companies = [t for t in targets if t.kind is TargetKind.COMPANY]
        if len(companies) == 1:
            return self._add(subscriber, self._of_company(companies[0].id, lasts))
        if companies:
            names = alternatives([f"/mute {clip(t.id, _NAME)}" for t in companies[:3]])
            return line(
                tr("{name} can mean several companies. Write {commands}.", name=echo(name), commands=names)
            )
        if targets:
            kind = kind_word(targets[0].kind)
            return line(tr("A {kind} can't be muted for a while; /unwatch stops following it.", kind=kind))
        near = self._vocabulary.suggest(name)[:3]
        said = [tr("{name} is no duration, nor anything that I can mute.", name=echo(name))]
        if near:
            said.append(tr("Did you mean {near}?", near=alternatives(near)))
        said.append(tr("Write /mute 2h or /mute nvidia 3d."))
        return line(" ".join(said))

    def _of_company(self, company: str, lasts: timedelta | None) -> Silence:
        return company_mute(company, self._ends(lasts, USUAL), self._vocabulary)

    def _named(self, mute: Silence) -> str:
        return mute_name(mute, self._vocabulary)

    def _add(self, subscriber: Subscriber, mute: Silence) -> Reply:
        now = self._clock()
        if len(self._desk.mutes(subscriber.id, now)) >= MOST:
            return line(
                tr(
                    "{number} things are muted here already, which is the most. /mutes ends some.",
                    number=MOST,
                )
            )
        made = marked_mute(mute, subscriber)
        self._desk.add_mute(subscriber.id, made)
        until = self._time(subscriber, made.until)
        sheet = Sheet().line(tr("Muted: {what}, until {time}.", what=self._named(made), time=until))
        preview = self._preview(subscriber, made, now)
        sheet.line(" ".join(filter(None, [preview, tr("Denials of what you were told still reach you.")])))
        return Reply(cards=(sheet.card([[Button(tr("Undo"), data=f"unhush:{made.id}")]]),))

    def _preview(self, subscriber: Subscriber, mute: Silence, now: datetime) -> str:
        sent = self._desk.sent_cards(subscriber.id, now - _PREVIEW, _PREVIEWED)
        if not sent:
            return ""
        hidden = sum(story.is_covered(mute, alert.rule_id, alert.event.actor) for alert, story in sent)
        return tr(
            "It would have held back {number} of the {cards} of the last 7 days.",
            number=hidden,
            cards=count(len(sent), "card", "cards"),
        )

    def _ends(self, lasts: timedelta | None, usual: timedelta) -> datetime:
        return self._clock() + (usual if lasts is None else lasts)

    def _time(self, subscriber: Subscriber, moment: datetime) -> str:
        return clock_time(moment, self._clock(), zone_of(subscriber.timezone), zone=True)

    def _left(self, subscriber: Subscriber, what: str, moment: datetime) -> str:
        return tr(
            "{what}, until {time} ({duration} left)",
            what=what,
            time=self._time(subscriber, moment),
            duration=show_duration(moment - self._clock()),
        )


def marked_mute(mute: Silence, subscriber: Subscriber) -> Silence:
    """The mute with the id that a mute of the same thing has in this chat."""
    key = digest("mute", subscriber.id, mute.rule_id, mute.company, mute.story_id, mute.feed_id)[:12]
    return replace(mute, id=key)


def company_mute(company: str, until: datetime, vocabulary: Vocabulary) -> Silence:
    """A mute of a company or sector; its comment goes into decisions, which are kept in English."""
    with speaking(SOURCE):
        name = clip(vocabulary.name(company), _NAME)
    return Silence(id="", until=until, company=company, comment=name)


def mute_name(mute: Silence, vocabulary: Vocabulary) -> str:
    """What is muted, in the language that is spoken."""
    if mute.company:
        return clip(vocabulary.name(mute.company), _NAME)
    return clip(mute.comment, _NAME) or tr("this story")


def _apart(text: str) -> tuple[str, timedelta | None]:
    """What is named, and the duration behind it: 'nvidia 3d', 'nvidia for 3d'."""
    words: Sequence[str] = text.split()
    lasts = parse_span(words[-1]) if len(words) > 1 else None
    if lasts is None:
        return text, None
    words = words[:-2] if len(words) > 2 and words[-2].lower() == "for" else words[:-1]
    return " ".join(words), lasts


def _end_of_day(subscriber: Subscriber, now: datetime) -> datetime:
    return next_digest(Digest(at=time()), subscriber.timezone, now)


def _source(found: Explanation) -> str:
    return clip(found.entry.source or found.entry.feed_id, _NAME)
