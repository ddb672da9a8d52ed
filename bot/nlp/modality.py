"""How certain a claim is: stage, attribution and polarity from the words around it and the sort of source."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.model import Attribution, Polarity, SourceKind, Stage
from bot.nlp.words import Token


@dataclass(frozen=True, slots=True)
class Certainty:
    """The three axes of an event."""

    stage: Stage
    attribution: Attribution
    polarity: Polarity


_DENY_BEFORE = re.compile(
    r"\b(?:den(?:y|ies|ied|ying)|refut(?:e|es|ed|ing)|rebut(?:s|ted)?|disput(?:e|es|ed|ing)|dismiss(?:es|ed|ing)?|reject(?:s|ed|ing)?"
    r"|contradict(?:s|ed)?|contest(?:s|ed)?|debunk(?:s|ed)?|brush(?:es|ed)? (?:off|aside)|bats? away|swat(?:s|ted)? away|douses?|no plans?|no intentions?|no interest|has no|have no|had no|not (?:going|planning|seeking|considering|looking|in talks|for sale)"
    r"|never|neither|nor|without any|no talks|no such|no sign of|no evidence|no truth|none of|ruled? out|rules out|ruling out|shot down|shoots down|shut down talk"
    r"|push(?:es|ed)? back|knocks? down|waves? (?:off|away)|laughs? off|pours? cold water|plays? down|quash(?:es|ed)?|scotch(?:es|ed)?|walked away from talks"
    r"|(?:is|are|was|were|has|have|had|does|do|did|will|would|wo|ca|ai)(?:n't| not|n’t)|won't|won’t|can't|cannot|ain't|isnt|didnt|wont|doesnt"
    r"|far from|instead of|rather than|stop(?:s|ped)? short of|fail(?:s|ed)? to|refus(?:es|ed|ing) to|declin(?:es|ed) to|contrary to|no longer)\b",
    re.IGNORECASE,
)
_DENY_AFTER = re.compile(
    r"\b(?:is|are|was|were) (?:not true|false|untrue|wrong|inaccurate|incorrect|baseless|unfounded|nonsense|misleading|made up|fabricated|fake|fiction|a rumou?r)\b"
    r"|\b(?:not true|untrue|baseless|unfounded|without (?:foundation|merit|basis|substance)|no basis|has no foundation|made up|fake news|is nonsense|false and misleading|pure fiction)\b"
    r"|\b(?:denied|denies|deny|dismissed|rejected|refuted|disputed|debunked|called off|fell through|collapsed|broken down|broke down|scrapped|no such|off the table|not happening|not on the cards|fake news|pure speculation|fiction|nonsense|bogus|a hoax|wide of the mark|no legs|the wrong word|does not exist|not being prepared|unscathed|unaffected)\b",
    re.IGNORECASE,
)
_NOT_A_DENIAL = re.compile(
    r"declin(?:es|ed) to (?:comment|say|name)|did not (?:respond|comment|immediately|disclose|return|name|say|reply)|not (?:only|just|yet|immediately|named|been named|ruled? out|exclude)"
    r"|has not ruled out|cannot be excluded|no wonder|no doubt|no less|not least|no later|not to mention|can't get enough|cannot get enough|no longer enough"
    r"|did not rule out|doesn't rule out|never (?:before|been (?:so|this|higher|lower))|couldn't be reached|no surprise|isn't (?:just|only|enough)|not enough|is not alone|no end",
    re.IGNORECASE,
)
_SPECULATE = re.compile(
    r"\b(?:if|could|might|what if|suppose|imagine|would|should|whether|fears?|feared|worr(?:y|ies|ied)|bets? that|predicts?|predicted|forecasts? that"
    r"|analysts? (?:expect|say|see|think|believe|fear|reckon|warn|estimate)s?|expects? the|thinks?|believes?|reckons?|i think|imo|imho|i bet|my bet|my guess|probably|likely"
    r"|risk(?:s|ed)?|threatens?|seen (?:rising|falling|at|up|down|as)|is expected|are expected|unless|speculat\w+|wonders?|perhaps|maybe|in theory|hypothetical"
    r"|projects?|projected|sees .{0,40} (?:by|in|through) 20[23]\d|next year|in 2027|in 2028|by 2027|by 2028|by 2030|scenario|bear case|bull case|rumou?r|supposedly|warns?|warned)\b|\?",
    re.IGNORECASE,
)
_STRONG_SPECULATION = re.compile(
    r"\b(?:if|could|might|what if|suppose|imagine|fears?|feared|analysts? (?:expect|say|see|think|believe|fear|reckon|warn|estimate)s?"
    r"|imo|imho|i think|i bet|my bet|my guess|prediction|predicts?|scenario|speculat\w+|in theory|bear case|bull case|would|should|wonders?|likely to|seen (?:rising|falling|at)|is expected to|are expected to|projects?|forecasts? that|thinks? that|reckons? that|expects? that)\b|\?",
    re.IGNORECASE,
)
_EXPLORE = re.compile(
    r"\b(?:consider(?:s|ed|ing)?|weigh(?:s|ed|ing)?|explor(?:e|es|ed|ing)|mull(?:s|ed|ing)?|ey(?:es|ed|eing|ing)|stud(?:y|ies|ied|ying)|examin(?:e|es|ed|ing)|evaluat(?:e|es|ed|ing)"
    r"|discuss(?:es|ed|ing|ions?)?|(?:in|holds?|held|holding|early|advanced|preliminary|exploratory) (?:\w+ )?talks|talks (?:to|with|on|about|over)|talking (?:to|with)|toy(?:s|ed|ing) with|ponder(?:s|ed|ing)?"
    r"|contemplat(?:e|es|ed|ing)|debat(?:e|es|ed|ing)|sound(?:s|ed|ing)? out|in negotiations?|negotiat(?:e|es|ed|ing)|looking (?:at|into|to)|looks? (?:at|into)|thinking (?:about|of)|think(?:s)? about"
    r"|canvass(?:es|ed|ing)?|kicking around|seek(?:s|ing)?|sought|approach(?:es|ed)|may|hopes? to|aims? to|aiming|leaning|leans?|close to|near(?:s|ing)?|on the verge|on the table|interested in|proposal|propos(?:es|ed|ing)|drafting|drafts?"
    r"|(?:not|n't|without) rul(?:e|ed|ing) out|under review|reviewing|under study|options?|in the running|bidding for|courting|wooing|haggling|shopping|pitch(?:es|ed|ing)?|float(?:s|ed|ing)? (?:a|the|idea)|tests? the water|preparing|prepares?|readying|readies|open to)\b",
    re.IGNORECASE,
)
_PLAN = re.compile(
    r"\b(?:plan(?:s|ned|ning)? (?:to|for|on|a)|plans|intend(?:s|ed|ing)?|to (?:begin|start)|set to|poised to|means? to|mean to|wants? to|about to|gearing up|targets?|scheduled|would like|pencil(?:s|led)? in|due to)\b",
    re.IGNORECASE,
)
_SOURCED = re.compile(
    r"\b(?:reportedly|report(?:s|ed)?|sources?|people (?:familiar|briefed|with knowledge|close|said|who)|persons? familiar|according to (?:people|a person|sources|the information|bloomberg|reuters|a report|two|three|four|documents|memos?|local media|media)"
    r"|said to|is understood|are understood|understood to|hear(?:s|d|ing)?|word is|allegedly|alleges?|apparently|insiders?|told (?:reuters|bloomberg|the|cnbc|us|nikkei|digitimes|me)|leaked?|memo|bloomberg|the information|trendforce|digitimes|nikkei|reuters|counterpoint|idc|gartner"
    r"|supply chain|industry sources|channel checks?|checks|survey|research(?:ers?)?|estimates? (?:that|from)|analysts?|suppliers say|local media|media|claims?|note|rumou?r|scuttlebutt|friend|buddy|my (?:guy|source|contact)|folks|seen by)\b",
    re.IGNORECASE,
)


_NO_SUCH = re.compile(
    r"(?:\b(?:no|no more|no further|zero|not|never|nobody|none|nothing|without|neither)|n't)\b(?: \S+){0,4}$",
    re.IGNORECASE,
)


def judge(
    tokens: Sequence[Token],
    start: int,
    end: int,
    *,
    kind: SourceKind,
    is_data: bool,
    sourced_entry: bool,
) -> Certainty:
    """Judge the claim at tokens `start` to `end` of a sentence.

    `is_data` claims (share moves, results, ratings) are confirmed unless hedged; `sourced_entry` says that the entry as a whole leans on unnamed people.
    """
    left = " ".join(t.lower for t in tokens[max(0, start - 14) : start])
    near = " ".join(t.lower for t in tokens[max(0, start - 5) : start])
    inside = " ".join(t.lower for t in tokens[start:end])
    right = " ".join(t.lower for t in tokens[end : end + 14])
    whole = f"{left} {inside} {right}"
    denied = _is_denied(left, near, inside, right)
    polarity = Polarity.DENIED if denied else Polarity.AFFIRMED
    if is_data:
        hypothetical = re.search(
            r"\b(?:if|could|might|would|may|should|expects?|sees?|risks?|fears?)\b|\?", f"{near} {inside}"
        )
        attribution = Attribution.SPECULATION if hypothetical else Attribution.FILING
        return Certainty(Stage.DONE, attribution, polarity)
    if kind in (SourceKind.FILING, SourceKind.NEWSROOM, SourceKind.REGULATOR):
        base = Attribution.FILING if kind is SourceKind.FILING else Attribution.ON_RECORD
    elif _SOURCED.search(whole) or sourced_entry or kind is SourceKind.SOCIAL:
        base = Attribution.SOURCED
    else:
        base = Attribution.ON_RECORD
    stage = Stage.DONE
    if _EXPLORE.search(f"{left} {inside}") and not re.search(
        r"\b(?:has|have) (?:decided|agreed|signed)\b", whole
    ):
        stage = Stage.EXPLORING
    elif _PLAN.search(f"{near} {inside}"):
        stage = Stage.PLANNED
    others_say = stage is Stage.DONE or _OTHERS.search(left)
    if "?" in right or "?" in inside or (others_say and _STRONG_SPECULATION.search(f"{left} {inside}")):
        base = Attribution.SPECULATION
    return Certainty(stage, base, polarity)


def _is_denied(left: str, near: str, inside: str, right: str) -> bool:
    scope = _NOT_A_DENIAL.sub(" ", f"{left} {inside}")
    close = _NOT_A_DENIAL.sub(" ", f"{near} {inside}")
    if _NO_SUCH.search(_NOT_A_DENIAL.sub(" ", near)):
        return True
    strong = re.search(
        r"\b(?:den(?:y|ies|ied|ying)|refut\w+|disput\w+|dismiss\w+|reject\w+|debunk\w+|no plans?|no intention|rules? out|ruled out|contrary to|pushe[sd] back|no truth)\b",
        scope,
    )
    return bool(strong or _DENY_BEFORE.search(close) or _DENY_AFTER.search(right))


_OTHERS = re.compile(r"\b(?:if|what if|analysts?|imo|would|could)\b")
_UNNAMED = re.compile(
    r"\b(?:people (?:familiar|briefed|with knowledge|close to|with direct knowledge)|person familiar|sources? (?:say|said|told)|[-–—]\s?sources?\b|reportedly|[-–—]\s?(?:report|bloomberg|reuters|the information|wsj|ft|cnbc|nikkei|media)\b|said to\b|according to (?:people|a person|sources))",
    re.IGNORECASE,
)


_REBUTTAL = re.compile(
    r"\b(?:den(?:y|ies|ied)|dismiss(?:es|ed)?|refut(?:es|ed)|reject(?:s|ed)?|disput(?:es|ed)|rebut(?:s|ted)?|contradict(?:s|ed)?|debunk(?:s|ed)?|no plans?|clarification|fiction|bogus|hoax"
    r"|fake news|not true|untrue|pushe[sd] back|push back|knock(?:s|ed) down|brush(?:es|ed) (?:off|aside)|bat(?:s|ted) away|swat(?:s|ted)? away|plays? down|shoots? down|shot down|pours? cold water"
    r"|wrong|false|baseless|unfounded|scotch(?:es|ed)|quash(?:es|ed)|douses|isn[’']t|nobody|not (?:a single|an?|so|raising|selling|planning|seeking|in talks|for sale|cutting|reselling|renting|preparing|engaged|in discussions))\b",
    re.IGNORECASE,
)


_DISMISSAL = re.compile(
    r"\b(?:fiction|nonsense|bollocks|untrue|not true|bogus|hoax|made up|fabricated|baseless|unfounded|no basis|without (?:merit|foundation|substance)|no truth|from start to finish"
    r"|wide of the mark|fake|forgery|inaccurate|no such (?:thing|plan|talks)|nothing of the (?:sort|kind)|no foundation|den(?:ied|ies) (?:it|the|that|any|having)|has it wrong|got it wrong|did no such)\b",
    re.IGNORECASE,
)


def rebuts(title: str, text: str) -> bool:
    """Whether an entry denies something, so that the claims which its text recounts are the ones denied."""
    return bool(_REBUTTAL.search(title) or _DISMISSAL.search(text))


_CORRECTION = re.compile(
    r"^\W*(?:correct(?:ed|ion|ing|s)|erratum)\b(?: \d+)?\s*[-:–—(]|\((?:this (?:version|story|article) )?(?:corrects|corrected|correction)\b"
    r"|\b(?:story|article|post|headline|version|report|item|sentence|paragraph) (?:has been|was|is|were|have been) corrected\b"
    r"|\bthis (?:version )?corrects\b|\bcorrects (?:the )?(?:amount|figure|headline|date|name|number|spelling|paragraph|year|currency|to (?:say|show|read))|\bcorrection to an? ",
    re.IGNORECASE,
)
_CORRECTS = re.compile(
    r"\bcorrect(?:s|ed|ing) (?:\S+ ){0,3}(?:report|story|statement|figure|number|amount|claim|headline|article|filing|post|date|record|earlier|itself|himself|herself)\b|\bcorrects :"
)


def corrects_entry(title: str, text: str) -> bool:
    """Whether an entry says of itself that it corrects what was told before ('CORRECTED:', '(Corrects the amount)')."""
    return any(_CORRECTION.search(part) for part in (title, text) if part)


def corrects(tokens: Sequence[Token], start: int) -> bool:
    """Whether the words before the claim at token `start` say that it sets something right ('corrects its statement')."""
    return bool(_CORRECTS.search(" ".join(t.lower for t in tokens[max(0, start - 14) : start])))


def leans_on_sources(title: str, text: str) -> bool:
    """Whether an entry as a whole rests on unnamed people or another outlet's report."""
    return bool(_UNNAMED.search(title) or _UNNAMED.search(text[:600]))
