"""What people may write behind each command and forge into each button, and what the bot says to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from library_scene import CUT

from bot.text import digest

HOSTILE: Mapping[str, str] = {
    "5,000 characters": "x" * 5000,
    "300 words": "word " * 300,
    "a zero character": "nv\x00idia",
    "turned around": "\u202eaidivn\u202c",
    "HTML": "<b>nvidia</b><script>alert(1)</script>",
    "an open tag": '<a href="https://evil.example">',
    "emoji": "👩‍👩‍👧‍👦🇩🇪🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "a pile of marks": "Z" + "\u0310\u0321\u0334" * 60,
    "invisible": "\u200b\u2060\ufeff",
    "SQL": "'; DROP TABLE subscribers; --",
    "SQL wildcards": "%_%",
    "search operators": 'NEAR("a" b) OR * NOT ^title: -( {x}',
    "a negative number": "-1",
    "a huge number": "9" * 120,
    "a float": "1e999",
    "digits of another script": "٣",
    "a power": "²",
    "a date far away": "9999-12-31",
    "no date": "0000-00-00",
    "a path": "../../etc/passwd",
    "an address with a password": "https://user:secret@127.0.0.1:1/feed?x=1",
    "another scheme": "javascript:alert(1)",
    "another user": "70015002",
    "another subscriber": "telegram:70015002",
    "a mention": "@somebody",
    "a command": "/stop",
    "a format": "%s%n{0}{chat}",
    "commas": ",;,;",
    "lines": "\n\n\t\v\f",
}


@dataclass(frozen=True)
class Row:
    """A command: what is said where nothing stands behind it, and to what is wrong there.

    Attributes:
        missing: Words of the answer to the command alone.
        wrong: What stands behind it → words of the answer, which is helpful and changes nothing.
        reads: Whatever stands behind it is taken as it is: nothing in it can be wrong.
        takes: Of `HOSTILE`, what is right here.
        answers: Messages that come of the command alone.
        acts: What stands behind it makes no difference to what it does.
    """

    missing: str
    wrong: Mapping[str, str] = field(default_factory=dict)
    reads: bool = False
    takes: frozenset[str] = frozenset()
    answers: int = 1
    acts: bool = False


IDS = frozenset({"another user", "a negative number"})

EVERYBODY: Mapping[str, Row] = {
    "start": Row("Alerts are on. This chat follows", reads=True),
    "help": Row("/start: ", {"mte": "did you mean mute?", "zzzz": "No help on “zzzz”"}, reads=True),
    "stop": Row(
        "Alerts are off. What you follow is kept",
        {"nvidia": "/stop stands alone"},
        takes=frozenset({"lines"}),
    ),
    "status": Row("/status is for the managers"),
    "when": Row(
        "For example: /when hyperscalers",
        {"zz": "I understood nothing of “zz”", "not denied": "only what you don't want", '"x"': "nothing of"},
        reads=True,
    ),
    "watch": Row(
        "For example: /watch nvidia",
        {"zz": "I don't know “zz”", "word zz": "is no word", ",".join("abcdefghijkl"): "at most 10"},
    ),
    "unwatch": Row("This chat follows", {"nvidia": "is not followed here. /list shows", "zz": "/list"}),
    "list": Row("This chat follows", reads=True),
    "latest": Row(
        "The newest alerts",
        {"0": "the most is 10", "11": "the most is 10", "five": "the most is 10"},
        takes=frozenset({"digits of another script"}),
    ),
    "why": Row("Reply to its card with /why", {"zz": "I know no alert for the id “zz”. /latest lists"}),
    "chart": Row(
        "For example: /chart nvidia",
        {"zz": "I don't know “zz”", "nvidia 1d": "From 7d to 365d", "nvidia 999999d": "From 7d to 365d"},
    ),
    "whynot": Row(
        "Write /whynot and its address",
        {"two words": "Write /whynot and its address", "https://nobody.example/x": "I have not seen"},
    ),
    "story": Row("Reply to its card with /story", {"zz": "I know no story for the id “zz”. /latest lists"}),
    "top": Row(
        "/top 7d looks further back",
        {"tomorrow": "Write /top", "1m": "from 1h to 30d", "31d": "from 1h to 30d"},
    ),
    "search": Row(
        "For example: /search",
        {
            "company:zz": "I know no company “zz”",
            "theme:zz": "I know no theme “zz”",
            "modality:zz": "Modalities: ",
            "level:zz": "Levels: ",
            "since:zz": "is no time. Write since:7d",
            "since:9999-12-31": "is still to come",
            "since:9999999d": "is no time",
            "company:": "Write for example company:nvidia",
            "level:high level:low": "stands there twice",
            "lvel:high": "did you mean level:?",
            "rain since:0d": "Nothing found",
        },
        reads=True,
    ),
    "who": Row(
        "For example: /who nvidia", {"zz": "I know no company “zz”", "memory": "is a sector, not a company"}
    ),
    "level": Row("The level is ", {"loud": "is no level. Levels: ", "medum": "did you mean medium?"}),
    "quiet": Row(
        "There are no quiet hours. Write for example /quiet",
        {
            "25:00-07:00": "/quiet 22:00-07:00",
            "22:00": "/quiet 22:00-07:00",
            "08:00-08:00": "/mute holds everything back",
            "22:00-07:00 Atlantis": "is no time zone that I know. Write it as",
        },
    ),
    "budget": Row(
        "/budget 8 allows eight a day", {"many": "from 0 to 200", "201": "from 0 to 200", "2.5": "from 0"}
    ),
    "digest": Row(
        "/digest daily 07:30 or",
        {"daily 25:00": "Write /digest daily 07:30", "weekly xyz 08:00": "Write /digest", "at noon": "Write"},
        takes=frozenset({"digits of another script"}),
    ),
    "mute": Row(
        "For how long, or what? /mute 2h",
        {
            "0h": "from 1m to 30d",
            "31d": "from 1m to 30d",
            "nvidia 99d": "from 1m to 30d",
            "tomorrow": "Write /mute 2h",
            "story": "Answer a card with /mute story",
            "meta": "can mean several companies. Write /mute",
            "memory": "/unwatch stops following it",
        },
    ),
    "mutes": Row("Nothing is muted here.", reads=True),
    "unmute": Row("This chat isn't muted.", {"zz": "/mutes shows what is"}),
    "settings": Row("How this chat is set", {"nvidia": "/settings stands alone"}),
    "import": Row("Send the file with the caption /import", {"nvidia": "answer it with /import"}),
    "timezone": Row("Change it with /timezone", {"Atlantis": "Write it as", "UTC+99": "Write it as"}),
    "privacy": Row("What this bot stores about a chat", reads=True),
    "export": Row("Everything that is stored about this chat", reads=True),
    "deleteme": Row("Delete everything about this chat", {"now": "/deleteme stands alone"}),
    "lang": Row(
        "I speak English", {"fr": "is no language that I speak. There are: English (en), Deutsch (de)"}
    ),
    "here": Row("This is our private chat", {"zz": "/here stands alone", "a b": "/here stands alone"}),
    "bind": Row("what should it follow? For example: /bind", {"zz": "I don't know “zz”"}, reads=True),
    "unbind": Row("/unbind @channel ends the alerts of", {"nvidia": "/unbind stands alone"}),
    "ack": Row("/ack is for people in groups", reads=True),
    "rules": Row("In force: ", {"zz": "There is no pack “zz”. /rules shows all"}),
    "rule": Row("Which rule? /rules lists them", {"zz/zz": "/rules lists", "zz": "/rules lists"}),
    "test": Row(
        "/test",
        {"compute/resael it": "There is no rule “compute/resael”; the nearest are compute/resale"},
        reads=True,
    ),
    "feedback": Row("Write it behind /feedback", reads=True, acts=True),
    **dict.fromkeys(
        "health latency sources reload lint backtest users allow ban limits broadcast audit precision".split(),
        Row("is for the ", reads=True),
    ),
}
"""By name, as somebody meets them who is no manager."""

_ALONE = "stands alone"
MANAGERS: Mapping[str, Row] = {
    "status": Row("Status", reads=True),
    "health": Row("Health", {"x": _ALONE}),
    "latency": Row("Nothing came in the last 24 hours", {"x": _ALONE}),
    "sources": Row(
        "feeds, ",
        {
            "zz": "There is no feed “zz”",
            "pause": "/sources pause needs the id of a feed",
            "pause zz": "There is no feed",
            "resume a b": "/help sources shows",
            "remove wire": "stands in",
            "test": "/help sources",
            "url wire": "/help sources",
            "add": "/help sources",
            "add https://a.example/f zz": "neither a kind (",
            "add https://a.example/f wire 9": "nor a tier (1 to 3)",
        },
    ),
    "reload": Row("Begun; what comes of it follows", {"x": _ALONE}, answers=2),
    "lint": Row("Begun; what comes of it follows", {"x": _ALONE}, answers=2),
    "backtest": Row(
        "Begun; what comes of it follows", {"zz": "Write for example /backtest 7d", "99d": "30d"}, answers=2
    ),
    "users": Row("Alerts on: ", {"70015002": _ALONE}),
    "allow": Row("Write for example /allow 123456789", {"zz": "is no id", "0": "is no id"}, takes=IDS),
    "ban": Row("Write for example /ban 123456789", {"zz": "is no id", "9": "can't be banned"}, takes=IDS),
    "limits": Row("/limits 30 changes it", {"zz": "is no number of commands", "2": "From 3 to 600"}),
    "broadcast": Row(
        "/broadcast TEXT shows",
        {"x" * 3501: "at most 3,500 characters"},
        reads=True,
        acts=True,
        takes=frozenset({"a mention"}),
    ),
    "audit": Row("Managers have done nothing so far.", {"x": _ALONE}),
    "precision": Row("Useful cards, by what readers said", reads=True),
}
"""The same for managers, where it differs."""


@dataclass(frozen=True)
class Tap:
    """A kind of button.

    Attributes:
        way: What is written, or tapped if it begins with '@', or sent as a file to import if it begins with '📎',
            until the button is there.
        label: Of the button; of one that nothing draws any more, its data.
        answers: Messages or edits that come of it.
        needs_card: Whether somebody must have got an alert.
        takes: Of what belongs to others (see `House.foreign`), what may be named here.
        moves: What it sets begins at the tap, so that a later one sets it a little later.
    """

    way: tuple[str, ...]
    label: str
    answers: int = 1
    needs_card: bool = False
    moves: bool = False
    takes: frozenset[str] = frozenset()


_MISSED = f"/whynot https://news.example/{digest('paper', CUT)}"
_MANY = "/watch nvidia, micron, sk hynix, meta platforms, memory, compute resale, pack:compute, microsoft, coreweave"
BUTTONS: Mapping[str, Tap] = {
    "watch": Tap(("/watch nvidia",), "Follow"),
    "when": Tap(('/when "liquid cooling"',), "Stricter"),
    "narrow": Tap(("/watch nvidia",), "Narrow"),
    "high": Tap(("/watch nvidia",), "Only high"),
    "ask": Tap(("/watch meta",), "Meta (company)"),
    "cancel": Tap(("/watch nvidia",), "Cancel"),
    "list": Tap((_MANY, "/list"), "▶"),
    "drop": Tap((_MANY, "/list"), "✕ Nvidia (company)", takes=frozenset({"another's search and a company"})),
    "unwatch": Tap((_MANY,), "unwatch:company:NVDA"),
    "unall": Tap((_MANY, "/unwatch all"), "Stop all"),
    "setup": Tap(("/deleteme", "@Delete everything", "/start"), "Everything"),
    "home": Tap(("/start",), "What I follow"),
    "level": Tap(("/start", "@Level"), "high"),
    "hours": Tap(("/start", "@Quiet hours"), "London"),
    "settings": Tap(("/settings",), "Budget"),
    "budget": Tap(("/budget",), "5 a day"),
    "digest": Tap(("/digest",), "Mondays at 08:00"),
    "timezone": Tap(("/timezone",), "London"),
    "import": Tap(("📎level: high\nfollow: [nvidia]",), "Apply"),
    "page": Tap(("/search harbour report",), "▶"),
    "pick": Tap(("/search company:meta compute",), "Meta (company)"),
    "story": Tap(("/top 7d",), "1"),
    "who": Tap(("/who meta",), "Meta (company)"),
    "untold": Tap((_MISSED,), "Details"),
    "whynot": Tap((_MISSED, "@Details"), "In plain words"),
    "chart": Tap(("/chart microsoft 7d",), "30d"),
    "erase": Tap(("/deleteme",), "Delete everything"),
    "lang": Tap(("/lang",), "Deutsch"),
    "bind": Tap(("/bind meta",), "Meta (company)"),
    "rules": Tap(("/rules compute",), "All packs"),
    "rule": Tap(("/rules",), "rule:x/y"),
    "yaml": Tap(("/rule compute/resale",), "YAML"),
    "at": Tap(("/bind @spill_news nvidia", "/level @spill_news"), "high"),
    "why": Tap((), "Why", needs_card=True),
    "good": Tap((), "Useful", answers=0, needs_card=True, moves=True),
    "noise": Tap((), "Noise", needs_card=True, moves=True),
    "mutes": Tap((), "Mute ▾", needs_card=True),
    "mute": Tap(("@Mute ▾",), "1 h", needs_card=True, moves=True),
    "hush": Tap(
        ("@Mute ▾",),
        "This story",
        needs_card=True,
        moves=True,
        takes=frozenset({"a story that was told to others"}),
    ),
    "unhush": Tap(("@Mute ▾", "@This story"), "Undo", needs_card=True),
}
"""By the first word of the data; those of managers are below."""

MANAGERS_BUTTONS: Mapping[str, Tap] = {
    "sources": Tap(("/sources",), "Next ›"),
    "source": Tap(("/sources wire",), "Pause"),
    "cast": Tap(("/broadcast We move tonight",), "Send", answers=2),
}

FORGED: Mapping[str, str] = {
    "nothing": "",
    "a colon": ":",
    "colons": ":::::",
    "endless": "x" * 50,
    "a number": "1",
    "a negative number": "-1",
    "a huge number": "9" * 40,
    "a power": "²",
    "a kind": "company",
    "a kind without a name": "company:",
    "nobody": "company:NOPE",
    "a kind that is none": "planet:X",
    "all of something": "all:x",
    "a step": "nowhere:skip",
    "an odd step": "pick:*company:NVDA",
    "a page": "1:company",
    "a page of nothing": "99:99",
    "SQL": "' OR 1=1 --",
    "SQL wildcards": "%",
    "a zero character": "a\x00b",
    "turned around": "\u202ecba",
    "HTML": "<b>x</b>",
    "another user": "70015002",
    "another subscriber": "telegram:70015002",
}
"""What stands behind the first word of a forged button."""
