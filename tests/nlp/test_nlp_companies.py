"""Which companies a text names, and which words only look like one."""

from __future__ import annotations

import pytest
from nlp_entries import nlp_entry

from bot.model import SourceKind
from bot.nlp.words import tokenize


def companies(analyzer, title, kind=SourceKind.WIRE):
    return list(analyzer.analyze([nlp_entry(title, kind=kind)])[0].companies)


def named(lexicon, title):
    """Also companies beside the field, which an analysis leaves out."""
    return list(dict.fromkeys(f.company for f in lexicon.find([(title, tokenize(title))])[0]))


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        pytest.param("Nvidia and TSMC deepen ties", ["NVDA", "TSM"], id="plain names"),
        pytest.param("Google Cloud wins customer from AWS", ["GOOGL", "AMZN"], id="brands"),
        pytest.param("SanDisk, Sandisk and SNDK are one", ["SNDK"], id="spellings"),
        pytest.param("$NVDA and $MU in the red", ["NVDA", "MU"], id="cashtags"),
        pytest.param("Shares of the chipmaker (NASDAQ: NVDA) rose", ["NVDA"], id="exchange and ticker"),
        pytest.param(
            "Bloom Energy (NYSE:BE) closes deal", ["BE"], id="a ticker that is a word, with its exchange"
        ),
        pytest.param("Memory maker 000660.KS leads gains", ["000660.KS"], id="Yahoo suffix of Seoul"),
        pytest.param("Foundry 2330.TW hits record", ["TSM"], id="local line of an ADR"),
        pytest.param("TSE:8035 falls 3%", ["8035.T"], id="Tokyo code with exchange"),
        pytest.param("Chipmaker (NVDA.O) slides", ["NVDA"], id="Reuters code"),
        pytest.param("TPU orders double", ["GOOGL"], id="a product that stands for its maker"),
        pytest.param("ChatGPT outage hits users", ["OPENAI"], id="ChatGPT"),
        pytest.param("META SHARES FALL 5% IN PREMARKET", ["META"], id="capitals"),
        pytest.param(
            "SK hynix and SK Square climb", ["000660.KS", "402340.KS"], id="names that share a beginning"
        ),
        pytest.param(
            "Samsung SDI cuts outlook while Samsung Electronics rises",
            ["006400.KS", "005930.KS"],
            id="sister companies",
        ),
        pytest.param("Arm shares jump after chip royalty beat", ["ARM"], id="Arm among chips"),
        pytest.param("Lambda to rent GPUs from Nvidia", ["LAMBDA", "NVDA"], id="Lambda the cloud"),
    ],
)
def test_a_company_is_found_under_all_its_names(analyzer, title, expected):
    assert companies(analyzer, title) == expected


@pytest.mark.parametrize(
    "title",
    [
        "Meta Materials shares delisted",
        "Meta-analysis finds coffee harmless",
        "Oracle of Omaha trims his holdings",
        "What the oracle saw: new dig at Delphi",
        "Amazon rainforest fires hit record",
        "Micron-sized particles found in filters",
        "U.S. intel points to a new missile",
        "the new intel on the front line",
        "Arms race heats up in Asia",
        "Pitcher's arm trouble shelves another ace",
        "Apple pie recipe for autumn",
        "Python lambda functions in five minutes",
        "A disco ball for the living room",
        "Raise your cadence, save your knees",
        "Investigators comb Eaton Canyon for cause of blaze",
        "A more coherent plan for buses",
        "Snowflake generation takes on the ski slopes",
        "Apollo 11 astronaut honoured",
        "Claude Monet show opens in Paris",
        "On now: be quick and flex your lite plan",
        "Intelsat moves a satellite",
        "Dell'Oro counts switches",
        "Old Dominion University opens a stadium",
        "The Hartford Courant wins a prize",
        "Harrison Ford returns to the screen",
        "Paris Hilton opens a museum",
        "Sandy beaches near Dover draw crowds",
        "The gap between rich and poor widens",
        "Progressive lawmakers push the bill",
        "A hotel with a runway view of the airport",
        "Waste management plan for the county approved",
        "Public storage of carbon is debated",
        "First solar eclipse in ten years",
        "Plug power strips in with care",
        "Energy fuels growth in the Gulf",
        "A switch data centers rarely need",
        "Elastic waistband trousers are back",
        "Etched glass from Bohemia",
        "Slave rebellions in the Caribbean",
        "The Iliad in a new translation",
        "A radiant smile and a sierra of peaks",
        "Hive of activity: riot police meet the crowd",
        "Tempus fugit, said the sundial",
        "The caterpillar becomes a butterfly",
        "Argan oil for dry hair",
        "Acer palmatum, a maple for small gardens",
        "Van Helsing hunts again",
        "Royal Rumble tickets on sale",
        "AES-256 encryption explained for beginners",
        "HMS Vanguard and the aircraft carrier",
        "The Bible's land of Canaan",
        "A Vatican III council? Not now, says Rome (AI)",
        "IT support: how to reset your PC (all models)",
        "Stack infrastructure for full-stack developers",
        "Modal verbs and how to use them",
        "Nova Scotia lobster season begins",
        "Literary canon: what to read this summer",
        "Notion of time in physics",
        "Stripe patterns return to the catwalk",
        "Jacobs wins the stage, Masters takes silver",
        "Ares, Greek god of war",
        "A mythic quest in the north",
        "Kingston, Jamaica: a guide",
        "Pi day: bake a pie",
        "Snap decisions and zoom calls",
        "Everest climbers turn back",
        "A tapestry of colours",
        "Travelers stranded at the airport",
        "Loewe and Lowe are surnames",
    ],
)
def test_a_look_alike_is_no_company(analyzer, lexicon, title):
    assert (companies(analyzer, title), named(lexicon, title)) == ([], [])


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        pytest.param("Amkor’s Arizona plant slips a year", ["AMKR"], id="a curly possessive"),
        pytest.param("McDonald’s bets on kiosks", ["MCD"], id="a name that is a possessive"),
        pytest.param("McDonald's's kiosks", ["MCD"], id="and its own"),
        pytest.param("Veeco Instruments' orders rise", ["VECO"], id="an apostrophe after an s"),
        pytest.param("WÄRTSILÄ and Wartsila are one", ["WRT1V.HE"], id="an umlaut or none"),
        pytest.param("Kulicke & Soffa, Kulicke and Soffa", ["KLIC"], id="an ampersand or the word"),
        pytest.param(
            "Fabless firm GUC joins Alchip in AI", ["3443.TW", "3661.TW"], id="initials among peers"
        ),
        pytest.param("LS ELECTRIC WINS ORDERS IN TEXAS", ["010120.KS"], id="capitals"),
        pytest.param("Moore Threads and MetaX list in Shanghai", ["688795.SS", "688802.SS"], id="China"),
        pytest.param(
            "Eoptolink, Accelink and Innolight gain", ["300502.SZ", "002281.SZ", "300308.SZ"], id="optics"
        ),
        pytest.param(
            "Siemens Energy parts from Siemens", ["ENR.DE", "SIE.DE"], id="a child named as its parent"
        ),
        pytest.param("ASMPT is not ASM International", ["0522.HK", "ASM.AS"], id="a former sister"),
        pytest.param(
            "Foxconn Industrial Internet tops Foxconn", ["601138.SS", "2317.TW"], id="a listed daughter"
        ),
        pytest.param("Quanta Services beats; so does Quanta Computer", ["PWR", "2382.TW"], id="two Quantas"),
        pytest.param(
            "Constellation Software is no power producer", ["CSU.TO"], id="Constellation in software"
        ),
        pytest.param("MicroStrategy buys more bitcoin", ["MSTR"], id="not Micron"),
        pytest.param("Metaplanet buys more bitcoin", ["3350.T"], id="not Meta"),
        pytest.param("Hana Micron adds lines in Vietnam", ["067310.KQ"], id="not Micron either"),
        pytest.param(
            "Disco grinds what Applied Materials coats", ["6146.T", "AMAT"], id="a peer that makes it clear"
        ),
        pytest.param("AMD and Applied Digital sign lease", ["AMD", "APLD"], id="a name of two plain words"),
        pytest.param("Hyperscale landlord QTS breaks ground", ["QTS"], id="a private company"),
        pytest.param("Power firm (NYSE: SMR) soars", ["SMR"], id="a ticker that is a trade's word"),
        pytest.param("Cloudflare (NET) suffers outage", ["NET"], id="a word in brackets behind its company"),
        pytest.param("Shares of 2308.TW and 009150.KS hit highs", ["2308.TW", "009150.KS"], id="suffixes"),
        pytest.param("Cable maker (PRY.MI) lifts outlook", ["PRY.MI"], id="Milan"),
        pytest.param("TYO: 5803 gains", ["5803.T"], id="Tokyo with its exchange"),
        pytest.param("6920 JP, 042700 KS Equity", ["6920.T", "042700.KS"], id="Bloomberg codes"),
        pytest.param("$VRT $AI $T", ["VRT", "AI", "T"], id="cashtags of one letter and of a word"),
        pytest.param("Target shares sink after Walmart warns", ["TGT", "WMT"], id="a shop that is a word"),
        pytest.param("Target's profit drops", ["TGT"], id="what a shop has"),
        pytest.param("Visa and Mastercard settle", ["V", "MA"], id="a card that is a word"),
        pytest.param("Goldman Sachs profit doubles", ["GS"], id="a bank's own business"),
        pytest.param("Jack Dorsey's Block cuts staff", ["XYZ"], id="Block by its founder"),
        pytest.param("$BRK.B and (NYSE: BF.B)", ["BRK.B", "BF.B"], id="classes of shares"),
    ],
)
def test_variants_and_neighbours_are_told_apart(lexicon, title, expected):
    assert named(lexicon, title) == expected


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        pytest.param("Goldman Sachs analysts like Nvidia", ["NVDA"], id="a bank as a source"),
        pytest.param("Gartner forecasts server spending at Dell", ["DELL"], id="a researcher as a source"),
        pytest.param("Moody's cuts rating of Oracle bonds", ["ORCL"], id="a rater as a source"),
        pytest.param("Morgan Stanley lifts price target on Micron", ["MU"], id="a broker as a source"),
        pytest.param("Brokers raise target on Arista to $180", ["ANET"], id="a price target"),
        pytest.param("Street Target For Nvidia Raised", ["NVDA"], id="a target in a headline's capitals"),
        pytest.param("Nvidia engineers wait for H-1B visa", ["NVDA"], id="a visa"),
        pytest.param("Block of Nvidia shares changes hands", ["NVDA"], id="a block of shares"),
        pytest.param("Best buy in chips? Broadcom", ["AVGO"], id="a good purchase"),
        pytest.param("Nasdaq falls as Nvidia slides", ["NVDA"], id="an index"),
        pytest.param("Dow drops; Microsoft flat", ["MSFT"], id="the older index"),
        pytest.param(
            "Constellation Brands sponsors Disco Nights",
            ["STZ"],
            id="a company beside the field proves nothing",
        ),
        pytest.param("Meet the Airbnb for GPUs, says Nebius", ["NBIS"], id="a figure of speech"),
        pytest.param("Streaming service now costs more at Amazon", ["AMZN"], id="service now"),
        pytest.param("Researchers release open AI model weights at Google", ["GOOGL"], id="open models"),
        pytest.param("TSMC equips fab with NXE machines", ["TSM"], id="a tool that is a ticker"),
    ],
)
def test_a_word_beside_a_company_stays_a_word(lexicon, title, expected):
    assert named(lexicon, title) == expected


def test_a_social_post_may_write_a_guarded_name_small_where_another_company_makes_it_clear(analyzer):
    assert companies(analyzer, "oracle and nvidia both down today", SourceKind.SOCIAL) == ["ORCL", "NVDA"]
    assert companies(analyzer, "the oracle in my dream said no", SourceKind.SOCIAL) == []


def test_mentions_point_at_the_words_that_name_the_company(analyzer):
    title = "Data: $NVDA, Taiwan Semi (NYSE: TSM) and Hon Hai"
    mentions = analyzer.analyze([nlp_entry(title)])[0].mentions
    assert [title[m.span.start : m.span.end] for m in mentions] == [
        "$NVDA",
        "Taiwan Semi",
        "NYSE: TSM",
        "Hon Hai",
    ]


@pytest.mark.parametrize(
    ("title", "sectors"),
    [
        pytest.param("Chip stocks slide", ("semiconductors",), id="chip stocks"),
        pytest.param(
            "Memory makers and hyperscalers argue over price", ("memory", "hyperscaler"), id="two groups"
        ),
        pytest.param("The SOX fell", ("semiconductors",), id="an index of the group"),
        pytest.param("Neoclouds borrow more", ("neocloud",), id="neoclouds"),
    ],
)
def test_a_group_is_found(analyzer, title, sectors):
    assert analyzer.analyze([nlp_entry(title)])[0].sectors == sectors
