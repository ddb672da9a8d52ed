"""How certain a claim is: stage, attribution and polarity from the words around it and the sort of source."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.model import Attribution, Polarity, SourceKind, Stage
from bot.nlp.clauses import clause, words
from bot.nlp.normalise import OUTLETS
from bot.nlp.themes import Sense
from bot.nlp.words import Token


@dataclass(frozen=True, slots=True)
class Certainty:
    """The three axes of an event."""

    stage: Stage
    attribution: Attribution
    polarity: Polarity


@dataclass(frozen=True, slots=True)
class Sign:
    """Why a rule spoke: the words that it found (in lower case), or a note where it goes by something else."""

    rule: str  # the stage, attribution or polarity that it argues for
    words: str = ""
    note: str = ""


Signs = dict[tuple[str, int, int], list[Sign]]  # by theme, sentence, and the claim's first token


def _says(pattern: str | re.Pattern[str], text: str, rule: str, signs: list[Sign] | None) -> bool:
    found = re.search(pattern, text)
    if found and signs is not None:
        signs.append(Sign(rule, words=found.group().strip()))
    return bool(found)


def _holds(claim: bool, note: str, rule: str, signs: list[Sign] | None) -> bool:
    if claim and signs is not None:
        signs.append(Sign(rule, note=note))
    return claim


_NEGATED = r"(?:is|are|was|were|has|have|had|does|do|did|will|would|wo|ai)(?:n't| not|n’t)|won't|won’t|ain't|isnt|didnt|wont|doesnt"
_DENIES = (
    r"den(?:y|ies|ied|ying)|refut(?:e|es|ed|ing)|rebut(?:s|ted)?|disput(?:e|es|ed|ing)|dismiss(?:es|ed|ing|als?)?|reject(?:s|ed|ing)?|debunk(?:s|ed|ing)?"
    r"|contradict(?:s|ed)?|contest(?:s|ed)?|pushe[sd] back (?:on|against|at)|contrary to|rules? out|ruled out|no plans?|no intentions?|no truth"
)
_WAVES_OFF = (
    r"brush(?:es|ed)? (?:off|aside)|bats? away|swat(?:s|ted)? (?:away|down)|douses?|dampens? talk|ruling out|shot down|shoots down|shut down talk"
    r"|knock(?:s|ed)? down|wav(?:es?|ed) (?:off|away|aside)|laughs? off|pours? cold water|plays? down|quash(?:es|ed)?|scotch(?:es|ed)?|walked away from talks|poured cold water"
)
_NOTHING = r"no interest|has no|have no|had no|no talks|no such|no sign of|no evidence|none of|neither|nor|without any"
# What denies the claim that follows it within a few words.
_DENY_NEXT = re.compile(
    rf"\b(?:{_DENIES}|{_WAVES_OFF}|{_NOTHING}|{_NEGATED}|never|not (?:going|planning|seeking|considering|looking|in talks|for sale)|can't|cannot"
    r"|far from|instead of|rather than|stop(?:s|ped)? short of|fail(?:s|ed)? to|refus(?:es|ed|ing) to|declin(?:es|ed) to|no longer)\b",
    re.IGNORECASE,
)
# A verb that is negated without an auxiliary: 'programme not moved', 'not lowering'.
_BARE_NOT = (
    r"(?<!is )(?<!are )(?<!was )(?<!were )(?<!will )(?<!do )(?<!does )(?<!did )(?<!has )(?<!have )(?<!had )(?<!would )(?<!could )(?<!can )(?<!be )"
    r"not (?:being )?(?:\w+ing|\w+ed|lower|higher|short|up|down|visible|miss|gone|so|a takeover)"
)
# What denies it from within. 'Cannot' tells of a lack, 'X rather than Y' of a choice: they deny only what follows.
_DENY_DEED = re.compile(
    rf"\b(?:{_DENIES}|{_WAVES_OFF}|{_NOTHING}|{_NEGATED}|{_BARE_NOT}|no|none|nil|zero|never|nothing|nobody|no longer|not one|not a single|off the table|turn(?:s|ed) (?:down|away)|vot(?:es?|ed) down"
    r"|thr(?:ows|ew|own) out|fell through|falls through|fall(?:s|en)? apart|br(?:eaks|oke|oken|eak) (?:down|off|it off)|call(?:s|ed) off|lapsed|collapsed|is dead|yank(?:s|ed)|wound up|decided against|let go)\b"
    r"|^(?:\W )?not\b",
    re.IGNORECASE,
)
# The same for a claim that is a lack itself ('will not be built', 'have no power'): there a plain negation is the claim.
_DENY_LACK = re.compile(
    rf"\b(?:{_DENIES}|{_WAVES_OFF}|{_BARE_NOT}|no such|no sign of|no evidence|none of|not one \w+ (?:has|was|is)|not a single|(?:do|are|was|were|have) not|(?:do|are|was|were)n't"
    r"|no (?:\w+ ){1,4}(?:has|have|had|was|were|will)|no (?:\w+ )?is (?:late|held|stuck|delayed|affected|at risk|on)|nobody (?:has|is on|had)|nothing (?:has|had|was|will|is)|neither (?:\w+ )?(?:has|had|was)|neither \w+ nor"
    r"|no (?:\w+ ){0,2}(?:pauses?|delays?|shortages?|glut|cuts?|cancellations?|slowdown|push-?outs?|excess|surplus|oversupply|weakness|let-up|halt|slippage|trouble|problem|warehouse|effect|impact|threat|interruption|stoppage|damage|requests?|change in)"
    r"|(?:sees?|saw|expects?|received|holds?|held|lost|noticed|reported|affected|foresees) (?:no|none|nothing)|none received|nil)\b"
    r"|\b(?:unchanged|intact|in (?:full )?force|as (?:planned|usual|promised|agreed|scheduled|booked)|on (?:schedule|time|the calendar)|ran normally|running (?:normally|fine|normal)|untouched|unaffected|holding firm|to the last|not been (?:touched|asked|reduced|cut|altered|moved))\b",
    re.IGNORECASE,
)
# Nor does what an aside or a condition says: 'rents out what it does not use'.
_ASIDE = re.compile(r"(?<=\w{3}) (?:which|who|whom|whose|what|whatever|because|if|or|than|while) .*")
_UNTRUE = (
    r"not true|untrue|baseless|unfounded|groundless|inaccurate|without (?:foundation|merit|basis|substance)|no basis|no foundation|fake news|false and misleading|pure (?:fiction|speculation)"
    r"|fiction|nonsense|bogus|bollocks|a hoax|wide of the mark|no legs|the wrong word|does not exist|misunderst(?:ood|anding)|mistaken|premature|overdone|overblown|invented|a forgery|a fake"
    r"|(?:do|does|did) not accord|nothing of the (?:sort|kind)|no such (?:thing|plan|talks)|has it wrong|got it wrong|did no such|from start to finish"
    r"|(?:is|are|was|were|as|simply|plain|entirely|completely|it|figure|story|report) (?:[’'\"] )?(?:\d+ (?:% |percent |per cent )?)?(?:false|wrong|incorrect|misleading|made up(?! of)|fabricated|fake|a rumou?r)"
)
_DENY_AFTER = re.compile(
    rf"\b(?:{_UNTRUE})\b"
    r"|\b(?:denied|denies|deny|dismissed|rejected|refuted|disputed|debunked|called off|fell through|collapsed|broken down|broke down|scrapped|no such|off the table|not happening|not on the cards|not being (?:prepared|discussed|considered)"
    r"|unscathed|unaffected|turned down|voted down|waved (?:off|away|aside)|will not follow|(?:is|are|'s) (?:now |all |finally )?over(?! (?:\$|\d|a |the |half))|(?:has|have) (?:now |finally )?(?:ended|lapsed|failed)|is no more|overblown|has passed)\b",
    re.IGNORECASE,
)
_A_REPORT = (
    r"(?:reports?|accounts?|stor(?:y|ies)|articles?|claims?|rumou?rs?|speculation|suggestions?|allegations?)"
)
_UNTRUE_SO = re.compile(
    rf"\b(?:{_UNTRUE}|den(?:ied|ies) (?:it|the|that|any|having)|(?:{_DENIES}) (?:\S+ ){{0,5}}{_A_REPORT})\b",
    re.IGNORECASE,
)
_NOT_A_DENIAL = re.compile(
    r"declin(?:es|ed) to (?:comment|say|name)|(?:did|does|do|would|will|could) not (?:respond|comment|immediately|disclose|return|name|say|reply|rule out|exclude)|n't (?:respond|comment|say|disclose|rule out|exclude|name)"
    r"|not (?:only|just|yet|immediately|named|been named|ruled? out|exclude)|(?:has|have|had) not (?:been )?(?:ruled? out|named)|without ruling out"
    r"|cannot be excluded|no wonder|no doubt|no less|not least|no later|not to mention|can't get enough|cannot get enough|no longer enough"
    r"|never (?:before|been (?:so|this|higher|lower|\w+er\b))|couldn't be reached|no surprise|isn't (?:just|only|enough)|not enough|is not alone|no end|no more than|no fewer than|no matter|no longer than|no lower than|no higher than|nobody can verify"
    r"|(?:not|n't|never) (?:[\w,]+ ){0,4}(?:before|until|till) "  # postponed, or since when
    r"|(?:, (?:and )?|^but )not (?:[^\s,]+ ){1,3},",  # 'Micron, not Samsung, cuts': of somebody else
    re.IGNORECASE,
)
_STRONG_SPECULATION = re.compile(
    r"\b(?:if|whether|unlikely|not likely|could|might|what if|suppose|imagine|fears?|feared|analysts? (?:expect|say|see|think|believe|fear|reckon|warn|estimate)s?"
    r"|imo|imho|i think|i bet|my bet|my guess|prediction|predicts?|scenario|speculat\w+|in theory|bear case|bull case|would|should|wonders?|likely to|seen (?:rising|falling|at)|is expected to|are expected to|projects?|forecasts? that|thinks? that|reckons? that|expects? that)\b|\?",
    re.IGNORECASE,
)
# 'Glut fears', 'shortage talk': not the thing, but that it is feared or talked about.
_ONLY_FEARED = re.compile(
    r"^(?:fears?|worry|worries|concerns?|jitters|anxiety|talk|chatter|rumou?rs?|speculation|scares?|hopes?|warnings?)\b"
)
_UNPROVEN = re.compile(
    r"\b(?:big if true|unconfirmed|grain of salt|pinch of salt|take with salt|trust me bro)\b"
)
# 'Delays price rise until May', 'puts off its listing': what is put off is still planned.
_PUT_OFF = re.compile(
    r"\b(?:delay|postpone|defer)(?:s|ed|ing)? (?:\w+ ){0,2}?(?:cuts?|cutting|reductions?|rises?|increases?|hikes?|sales?|listing|ipo|launch|layoffs|lay-offs|takeover|merger)\b"
    r"|\b(?:put(?:s|ting)? off|push(?:es|ed)? back) (?:\w+ ){0,2}?(?:cuts?|reductions?|rises?|increases?|hikes?|sale|listing|ipo|launch)\b"
)
_EXPLORE = re.compile(
    r"\b(?:consider(?:s|ed|ing)?|weigh(?:s|ed|ing)?|explor(?:e|es|ed|ing)|mull(?:s|ed|ing)?|ey(?:es|ed|eing|ing)|stud(?:y|ies|ied|ying)|examin(?:e|es|ed|ing)|evaluat(?:e|es|ed|ing)"
    r"|discuss(?:es|ed|ing|ions?)?|(?:in|holds?|held|holding|early|advanced|preliminary|exploratory) (?:\w+ )?talks|talks (?:to|with|on|about|over)|talking (?:to|with)|toy(?:s|ed|ing) with|ponder(?:s|ed|ing)?"
    r"|contemplat(?:e|es|ed|ing)|debat(?:e|es|ed|ing)|sound(?:s|ed|ing)? out|in negotiations?|negotiat(?:e|es|ed|ing)|looking (?:at|into|to)|looks? (?:at|into)|thinking (?:about|of)|think(?:s)? about"
    r"|canvass(?:es|ed|ing)?|kicking around|seek(?:s|ing)?|sought|approach(?:es|ed)|may|hopes? to|aims? to|aiming|leaning|leans?|close to|near(?:s|ing)?|on the verge|on the table|interested in|proposal|propos(?:es|ed|ing)|drafting|drafts?"
    r"|(?:not|n't|without) rul(?:e|ed|ing) out|under review|reviewing|under study|options?|in the running|bidding for|courting|wooing|haggling|shopping|pitch(?:es|ed|ing)?|float(?:s|ed|ing)? (?:a|the|idea)|tests? the water|preparing|prepares?|readying|readies|open to|(?:has|have|had) applied for|letter of intent|gaug(?:es?|ed|ing)|shortlist\w*|circl(?:es|ed|ing)|inclined|minded to|put out feelers|interview(?:s|ed|ing) (?:banks|bankers)|thinks of|shops? for|hunts? for|in case it|reserves? the right|recommend(?:s|ed) \w+ing|under consideration|consult(?:s|ed|ing) (?:with|customers|on)|toying|two minds|ballot(?:s|ed)? on)\b",
    re.IGNORECASE,
)
_PLAN = re.compile(
    r"\b(?:plan(?:s|ned|ning)? (?:to|for|on|a)|plans|intend(?:s|ed|ing)?|to (?:begin|start)|set to|poised to|means? to|mean to|wants? to|about to|gearing up|targets?|scheduled|would like|pencil(?:s|led)? in|due to|mov(?:es|ed) to (?:ban|block|bar|curb|cut|restrict|sell|raise|tighten|limit|close|end|stop|ease|buy|acquire|build))\b",
    re.IGNORECASE,
)
_SOURCED = re.compile(
    r"\b(?:reportedly|report(?:s|ed)?|sources?|people (?:familiar|briefed|with knowledge|close|said|who)|persons? familiar|according to (?:people|a person|sources|the information|bloomberg|reuters|a report|two|three|four|documents|memos?|local media|media)"
    r"|said to|is understood|are understood|understood to|hear(?:s|d|ing)?|word is|allegedly|alleges?|apparently|insiders?|told (?:reuters|bloomberg|the|cnbc|us|nikkei|digitimes|me)|leaked?|memo|bloomberg|the information|trendforce|digitimes|nikkei|reuters|counterpoint|idc|gartner"
    r"|supply chain|industry sources|channel checks?|checks|survey|research(?:ers?)?|estimates? (?:that|from)|analysts?|suppliers say|local media|media|claims?|note|rumou?r|scuttlebutt|friend|buddy|my (?:guy|source|contact)|folks|seen by)\b",
    re.IGNORECASE,
)


# Other people's word: 'brokers in Taipei say', 'says Axios', 'according to two tenants', 'data suggest'.
_SECOND_HAND = re.compile(
    r"\b(?:(?:(?!executives|managers|directors|results|companies|sales|shares|plans)\w+s|people|staff|some|both|many|two|three|four|five) (?:\S+ ){0,4}(?:say|tell|report|reckon|claim|complain)"
    r"|according to (?!(?:the |its |a )?(?:company|filing|statement|spokes\w+|regulator|ministry|exchange|executives?|management|its))"
    r"|(?:paper|daily|newspaper|magazine|broadcaster|press|preprint|study|survey|tally|minutes|documents|records|researchers?|brokers?|dealers?|traders?|bankers?|distributors?|contractors|suppliers|recipients|landlords?|recruiters?|insiders?|staffers|lenders|tenants)"
    r" (?:\S+ ){0,3}(?:says?|said|writes?|wrote|reports?|reported|shows?|suggests?|learned|told|adds?|has it|have it)"
    r"|(?:says?|said|writes?|adds|reports?|by|per) (?:the )?(?:ft|wsj|cnbc|axios|barron|yonhap|nikkei|digitimes|etnews|handelsblatt|bloomberg|reuters|trendforce|press|newspaper|magazine|daily)"
    r"|(?:ft|wsj|cnbc|cna|axios|barron's|yonhap|etnews|handelsblatt|the edge|kyodo|caixin|digitimes) (?:says?|said|writes?|wrote|reports?|reported|adds)"
    r"|(?:we|i) (?:understand|hear|heard|gather|are told|were told|was told)|tells? (?:us|me|dcd)|told (?:us|me)|suggests? that|it appears|appears? to|points? to|hints? (?:at|that)|as a \w+ (?:magazine|paper|daily) has it)\b"
)
# Who forecasts what others will do, and how a forecast sounds.
_THIRD = re.compile(
    r"\b(?:analysts?|brokers?|brokerages?|banks?|strategists?|economists?|researchers?|research (?:firm|house)|consultan\w+|trade (?:body|group)|fund manager|stock-picker|investors?|columnist|pundits?|critics|bears?|bulls?|short[ -]seller"
    r"|goldman|morgan stanley|jpmorgan|jefferies|citi|citigroup|barclays|bernstein|ubs|mizuho|wells fargo|bofa|hsbc|wedbush|evercore|keybanc|piper|rosenblatt|nomura|daiwa|macquarie|cowen|raymond james|stifel|needham|wolfe|melius|moffettnathanson"
    r"|trendforce|gartner|idc|omdia|counterpoint|semi|techinsights|yole|the (?:house|note|model))\b"
)
_FORECASTS = re.compile(
    r"\b(?:will|would|could|should|expects?|expected|sees?|forecasts?|forecast|predicts?|predicted|fears?|feared|reckons?|argues?|thinks?|calculates?|models?|modelled|projects?|outlook|has the company|in theory|by (?:20\d\d|next|the end)|next year|unlikely|likely)\b"
)
_DECIDED = re.compile(r"\b(?:has|have) (?:decided|agreed|signed)\b")
_HEDGED = re.compile(r"\b(?:if|could|might|would|may|should|risks?|fears?)\b|\?")
_EXPECTS = re.compile(
    r"\b(?:expects?|sees?|forecasts?|predicts?)\b"
)  # of others; a company that expects guides
_DENY_FAR = re.compile(rf"\b(?:{_DENIES}|{_WAVES_OFF})\b")
_NO_SUCH = re.compile(
    r"(?:\b(?:no|no more|no further|zero|not|never|nobody|none|nothing|without|neither)|n't)\b(?: \S+){0,4}$",
    re.IGNORECASE,
)


_FAR, _NEAR = 14, 5  # tokens around a claim in which its certainty is told


def judge(
    tokens: Sequence[Token],
    start: int,
    end: int,
    *,
    kind: SourceKind,
    is_data: bool,
    sourced_entry: bool,
    sense: Sense = Sense.DEED,
    signs: list[Sign] | None = None,
) -> Certainty:
    """Judge the claim at tokens `start` to `end` of a sentence.

    `is_data` claims (share moves, results, ratings) are confirmed unless hedged; `sourced_entry` says that the entry as a whole leans on unnamed people;
    `sense` says what a negation within the claim is to it.
    Why it judges so is added to `signs`.
    """
    first, last = clause(tokens, start, end)
    left = words(tokens[max(first, start - _FAR) : start])
    near = words(tokens[max(first, start - _NEAR) : start])
    inside = words(tokens[start:end])
    right = words(tokens[end : min(last, end + _FAR)])
    whole = f"{left} {inside} {right}"
    denied = _is_denied(left, inside, right, sense, signs) or takes_back(tokens[last:])
    if not denied and not is_data:
        denied = _says(_UNTRUE_SO, words(tokens[first:last]), Polarity.DENIED, signs)
    polarity = Polarity.DENIED if denied else Polarity.AFFIRMED
    unproven = _says(_ONLY_FEARED, right, Attribution.SPECULATION, signs) or _says(
        _UNPROVEN, words(tokens), Attribution.SPECULATION, signs
    )
    if is_data:
        hedged = (
            unproven
            or _says(_HEDGED, f"{near} {inside}", Attribution.SPECULATION, signs)
            or (_THIRD.search(left) and _says(_EXPECTS, f"{near} {inside}", Attribution.SPECULATION, signs))
        )
        return Certainty(Stage.DONE, Attribution.SPECULATION if hedged else Attribution.FILING, polarity)
    stage = _stage(left, near, inside, whole, signs)
    others_say = stage is Stage.DONE or _OTHERS.search(left)
    asks = "?" in right or "?" in inside
    speculates = (
        unproven
        or (_THIRD.search(whole) and _says(_FORECASTS, f"{left} {inside}", Attribution.SPECULATION, signs))
        or _holds(asks, "it asks", Attribution.SPECULATION, signs)
        or (others_say and _says(_STRONG_SPECULATION, f"{left} {inside}", Attribution.SPECULATION, signs))
    )
    if speculates:
        return Certainty(stage, Attribution.SPECULATION, polarity)
    if kind in (SourceKind.FILING, SourceKind.NEWSROOM, SourceKind.REGULATOR):
        base = Attribution.FILING if kind is SourceKind.FILING else Attribution.ON_RECORD
        _holds(True, f"it comes from a {kind.value}", base, signs)
        return Certainty(stage, base, polarity)
    sourced = (
        _says(_SOURCED, whole, Attribution.SOURCED, signs)
        or _says(_SECOND_HAND, words(tokens[first:last]), Attribution.SOURCED, signs)
        or _holds(sourced_entry, "the entry leans on unnamed people", Attribution.SOURCED, signs)
        or _holds(kind is SourceKind.SOCIAL, "it is a social post", Attribution.SOURCED, signs)
    )
    return Certainty(stage, Attribution.SOURCED if sourced else Attribution.ON_RECORD, polarity)


def _stage(left: str, near: str, inside: str, whole: str, signs: list[Sign] | None) -> Stage:
    if not _DECIDED.search(whole) and _says(_EXPLORE, f"{left} {inside}", Stage.EXPLORING, signs):
        return Stage.EXPLORING
    planned = (_PLAN, _PUT_OFF)
    if any(_says(pattern, f"{near} {inside}", Stage.PLANNED, signs) for pattern in planned):
        return Stage.PLANNED
    return Stage.DONE


_WITHIN = {Sense.DEED: _DENY_DEED, Sense.LACK: _DENY_LACK, Sense.HOLD: _DENY_FAR}


def _is_denied(left: str, inside: str, right: str, sense: Sense, signs: list[Sign] | None) -> bool:
    before, held = _NOT_A_DENIAL.sub(" ", left), _NOT_A_DENIAL.sub(" ", inside)
    near = " ".join(before.split()[-_NEAR:])
    places = (
        (_NO_SUCH, near.rpartition(":")[2]),  # 'Buyers: none', and what follows is another matter
        (_DENY_FAR, before),
        (_DENY_NEXT, near),
        (_WITHIN[sense], _ASIDE.sub(" ", held)),
        (_DENY_AFTER, right),
    )
    return any(_says(pattern, text, Polarity.DENIED, signs) for pattern, text in places)


_AUXILIARY = r"(?:did|does|do|has|have|had|is|are|was|were|will|would|can|could)"
# An answer that only takes back: 'It did not.', 'None has.', 'Not so:', 'Pure invention, says …'
_TAKES_BACK = re.compile(
    r"^(?:[;:,.\"“”'‘’(\-–—❌] )*(?:(?:but|yet|so|and|well|actually|no|nope|sorry|in fact|in truth|, ) ?)*"
    r"(?:(?:it|they|he|she|we|that|this|there|neither|none|no one|nobody|the (?:company|firm|chipmaker|group|two|pair))"
    rf" (?:{_AUXILIARY} (?:not|n't|never)|(?:did|does|do|has|have|is|are|was|were|wo|would|ca|could)n'?t)"
    r"(?: \w+)? ?(?:[.,;:!?)\"”’–—]|$)"
    rf"|(?:none|neither) {_AUXILIARY} ?(?:[.,;:!]|$)"
    r"|(?:not so|not true|no|nope|wrong|false|fake|none|neither|never) ?(?:[.,;:!)\"”’–—]|$)"
    r"|(?:it 's )?(?:a |pure |plain |total |complete |utter )*(?:invention|fiction|nonsense|bogus|bollocks|rubbish|fabrication|fake|forgery|hoax|not happening|not (?:\w+ed|true)|wrong by|fake news)\b)"
)


def takes_back(tokens: Sequence[Token]) -> bool:
    """Whether a sentence or clause begins with an answer that says no to what stands before it."""
    return bool(_TAKES_BACK.match(words(tokens[:12])))


_OPINION = re.compile(
    r"^\W*(?:opinion|op-ed|commentary|column|why i(?:['’]m| am|['’]ve| have)?)\b",
    re.IGNORECASE,
)


def opines(title: str) -> bool:
    """Whether a title says that what follows is what somebody thinks: 'Opinion: …', 'Why I sold …'."""
    return bool(_OPINION.search(title))


def is_foretold(tokens: Sequence[Token], start: int) -> bool:
    """Whether the claim at token `start` is told of the future."""
    return any(
        t.lower in ("will", "should", "would", "could", "may", "might")
        for t in tokens[max(0, start - 4) : start]
    )


_OTHERS = re.compile(r"\b(?:if|what if|analysts?|imo|would|could)\b")
_UNNAMED = re.compile(
    rf"[-–—|]\s?(?:{OUTLETS})\s*$"
    r"|\b(?:people (?:familiar|briefed|with knowledge|close to|with direct knowledge)|person familiar|sources? (?:say|said|told)|reportedly|said to\b|according to (?:people|a person|sources))",
    re.IGNORECASE,
)


_REBUTTAL = re.compile(
    rf"\b(?:{_DENIES}|{_WAVES_OFF}|{_UNTRUE}|clarification|wrong|false|isn[’']t"
    r"|not (?:a single|so|raising|selling|planning|seeking|in talks|for sale|cutting|reselling|renting|preparing|engaged|in discussions))\b",
    re.IGNORECASE,
)
_HEAD = re.compile(r"^(?:no|not so|sorry|nope)?,? ?[^,;]*", re.IGNORECASE)
_LEAD = re.compile(r"^.{0,400}?[.!?](?=\s|$)|^.{0,400}", re.DOTALL)


def rebuts(title: str, text: str, signs: list[Sign] | None = None) -> bool:
    """Whether an entry denies something, so that the claims which its text recounts are the ones denied.

    The first clause of its title says so, or the first sentence of its text. The words that do so are added to `signs`.
    """
    head, lead = _HEAD.search(title), _LEAD.search(text)
    claim = _NOT_A_DENIAL.sub(" ", head.group()) if head else ""
    return _says(_REBUTTAL, claim, Polarity.DENIED, signs) or _says(
        _UNTRUE_SO, lead.group() if lead else "", Polarity.DENIED, signs
    )


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
