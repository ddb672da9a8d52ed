"""In which language a chat is spoken to: guessed from whoever writes first, and changed by `/lang`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.delivery.attention import known
from bot.delivery.parts import Handler
from bot.delivery.replies import Chat, Reply, alerts_off, echo, line, old_button
from bot.delivery.sheet import Sheet
from bot.locale import known_language, languages, native_name, speaking, tr
from bot.model import Button
from bot.ports import Desk


class Tongue:
    """The part of the commands that says in which language the bot speaks."""

    managing = frozenset({"lang"})

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.commands: Mapping[str, Handler] = {"lang": self.lang}
        self.buttons: Mapping[str, Handler] = {"lang": self._tapped}

    def of(self, chat: Chat, guess: str) -> str:
        """The language of a chat, its own or the one that `guess` stands for, a code such as 'de-AT'; '' for neither."""
        subscriber = self._desk.subscriber(chat.subscriber_id)
        return subscriber.language if subscriber else known_language(guess)

    def lang(self, text: str, chat: Chat) -> Reply:
        """Speak another language from now on."""
        subscriber = known(self._desk, chat)
        if subscriber is None:
            return alerts_off()
        if not text:
            sheet = Sheet().line(
                tr("I speak {language} in this chat.", language=native_name(subscriber.language))
            )
            sheet.line(tr("News and what people said stay in their own words."))
            others = [code for code in languages() if code != subscriber.language]
            return Reply(cards=(sheet.card([[Button(native_name(c), data=f"lang:{c}")] for c in others]),))
        language = known_language(text)
        if not language:
            have = ", ".join(f"{native_name(code)} ({code})" for code in languages())
            return line(
                tr(
                    "{text} is no language that I speak. There are: {languages}.",
                    text=echo(text),
                    languages=have,
                )
            )
        self._desk.set_language(subscriber.id, language)
        with speaking(language):
            return line(tr("I speak {language} from now on.", language=native_name(language)))

    def _tapped(self, text: str, chat: Chat) -> Reply:
        return replace(self.lang(text, chat), replace=True) if text in languages() else old_button()
