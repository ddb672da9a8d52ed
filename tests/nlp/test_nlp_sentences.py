"""Sentences by phenomenon: what each must be understood to claim, or not to claim."""

from __future__ import annotations

import pytest
from nlp_entries import claims, evidence, nlp_entry

from bot.model import SourceKind


def said(*rows):
    return [pytest.param(*row, id=row[0][:70]) for row in rows]


CERTAINTY = said(
    (
        "Meta is exploring selling excess AI computing capacity, people familiar said",
        "compute_resale",
        "META",
        "considering",
    ),
    ("Meta weighs selling surplus AI compute to outsiders", "compute_resale", "META", "considering"),
    ("Meta plans to rent out idle GPUs to startups", "compute_resale", "META", "considering"),
    (
        "Meta could sell compute to outsiders by next year, analyst says",
        "compute_resale",
        "META",
        "speculated",
    ),
    ("If Meta sold its spare compute, cloud rivals would suffer", "compute_resale", "META", "speculated"),
    ("Meta begins renting out spare GPUs to startups", "compute_resale", "META", "confirmed"),
    ("Meta is renting out spare GPUs to startups, sources say", "compute_resale", "META", "reported"),
    ("Meta denies plan to sell computing capacity", "compute_resale", "META", "denied"),
    ("Meta says it has no plans to sell computing capacity", "compute_resale", "META", "denied"),
    ("Microsoft denies report it cancelled data-center leases", "datacenter_cancel", "MSFT", "denied"),
    (
        "Microsoft has cancelled data-center leases, analysts at a broker report",
        "datacenter_cancel",
        "MSFT",
        "reported",
    ),
    ("Microsoft has not ruled out cancelling leases", "datacenter_cancel", "MSFT", "considering"),
    ("Amazon won't slow AI spending, CEO says", "capex_cut", "AMZN", "denied"),
    ("Far from cutting capex, Alphabet raised its 2026 budget", "capex_raise", "GOOGL", "confirmed"),
    ("Far from cutting capex, Alphabet raised its 2026 budget", "capex_cut", "GOOGL", "denied"),
    ("Is Nvidia about to cut orders at TSMC?", "demand_weak", "NVDA", "speculated"),
    ("SK Hynix may build a second fab in Indiana", "datacenter_build", "000660.KS", "considering"),
    ("Blackstone in talks to buy AirTrunk for $16 billion", "acquisition", "BX", "considering"),
    ("DRAM contract prices to rise 20% next quarter, TrendForce says", "price_rise", "memory", "reported"),
    ("Intel sees no glut of CPUs", "supply_glut", "INTC", "denied"),
    ("Nvidia shares fall 5% after earnings", "selloff", "NVDA", "confirmed"),
)

ACTORS = said(
    ("Apple supplier Foxconn cuts server outlook", "guidance_cut", "2317.TW", "confirmed"),
    ("Nvidia rival AMD raises forecast", "guidance_raise", "AMD", "confirmed"),
    ("AMD, Nvidia's rival, raises forecast", "guidance_raise", "AMD", "confirmed"),
    (
        "Oracle, whose largest customer OpenAI is short of cash, will cut 500 jobs",
        "layoffs",
        "ORCL",
        "confirmed",
    ),
    ("Shares of Arm, the designer that SoftBank bought, fell 5%", "selloff", "ARM", "confirmed"),
    ("Orders for servers were cut by Apple, and Foxconn confirmed it", "demand_weak", "AAPL", "confirmed"),
    (
        "Samsung, after Micron and Kioxia moved first, has raised NAND prices by 10%",
        "price_rise",
        "005930.KS",
        "confirmed",
    ),
    ("Goldman upgrades Micron to buy", "rating_change", "MU", "confirmed"),
    ("SEC opens probe into Super Micro over accounting", "legal_probe", "SMCI", "confirmed"),
    ("Oracle and Broadcom slide after results", "selloff", "AVGO", "confirmed"),
    ("Oracle fell 5.4%, Broadcom 4.5% and Nvidia 3.8% on Wednesday", "selloff", "NVDA", "confirmed"),
    ("Oracle fell 5.4%, Broadcom 4.5% and Nvidia 3.8% on Wednesday", "selloff", "AVGO", "confirmed"),
    ("Chip stocks slump as Meta said to mull compute sale", "selloff", "semiconductors", "confirmed"),
    ("Memory makers raise DRAM prices by a fifth", "price_rise", "memory", "confirmed"),
    ("Samsung raises DRAM prices by 15%", "price_rise", "005930.KS", "confirmed"),
    ("The Kospi tumbled 5.3% on Tuesday", "selloff", None, "confirmed"),
    ("OpenAI signs $38 billion cloud deal with AWS", "compute_deal", "OPENAI", "confirmed"),
    ("SoftBank sold its entire stake in Nvidia", "positioning", "9984.T", "confirmed"),
)

THEMES = said(
    ("TSMC keeps 2026 capex guidance unchanged", "capex_hold", "TSM", "confirmed"),
    ("TSMC raises 2026 capex to $56 billion", "capex_raise", "TSM", "confirmed"),
    ("Intel slashes capital spending by $2 billion", "capex_cut", "INTC", "confirmed"),
    ("Intel cuts 500 jobs in Oregon", "layoffs", "INTC", "confirmed"),
    ("Micron's HBM is sold out through 2026", "supply_shortage", "MU", "confirmed"),
    ("A glut of GPUs weighs on neoclouds", "supply_glut", "neocloud", "confirmed"),
    ("AWS slashes GPU prices by 44%", "price_fall", "AMZN", "confirmed"),
    ("Demand for Nvidia's chips exceeds supply", "demand_strong", "NVDA", "confirmed"),
    ("Oracle sells $18 billion of bonds to fund data centers", "debt_financing", "ORCL", "confirmed"),
    ("Cerebras files for an IPO on Nasdaq", "equity_raise", "CEREBRAS", "confirmed"),
    ("CoreWeave shares surge 12% on debut", "rally", "CRWV", "confirmed"),
    ("Nvidia holds support at 165 and its 200-day moving average", "technical_level", "NVDA", "confirmed"),
    ("Dell misses revenue estimates", "earnings_miss", "DELL", "confirmed"),
    ("Arista beats estimates as profit climbs", "earnings_beat", "ANET", "confirmed"),
    ("Amazon unveils Trainium chip for outside customers", "custom_silicon", "AMZN", "confirmed"),
    ("DeepSeek trained its model at a fraction of the cost", "efficiency_shock", "DEEPSEEK", "confirmed"),
    ("Intel and SoftBank form a joint venture for memory", "partnership", "INTC", "confirmed"),
    ("Washington tightens export controls on Nvidia chips to China", "export_control", "NVDA", "confirmed"),
    ("Fire at TSMC fab stops production lines", "outage", "TSM", "confirmed"),
    ("Microsoft signs nuclear power deal with Constellation", "power_constraint", "MSFT", "confirmed"),
    ("IREN launches GPU cloud to take on CoreWeave", "ai_cloud_competition", "IREN", "confirmed"),
    ("Investors want a return on AI spending from Meta", "monetization_shift", "META", "confirmed"),
    ("Vantage breaks ground on a data center campus for Oracle", "datacenter_build", "VANTAGE", "confirmed"),
)

SILENT = said(
    ("Nvidia drops new GPU",),
    ("Metaplanet sells surplus mining computers",),
    ("Meta Materials shares plunge 40%",),
    ("What is a hyperscaler? A plain-English guide",),
    ("Potato glut halves prices at chip shops",),
    ("Delta keeps 2025 capex at $5 bln, to take 40 aircraft",),
    ("Lenovo becomes FIFA's technology partner for 2026 World Cup",),
    ("Best Black Friday laptop deals from Dell and Lenovo",),
    ("Landlords lift lease rates by 8% in Dublin",),
    ("Fire at bakery stops production",),
    ("Hospital cuts 200 jobs",),
    ("A chip plant cuts 200 jobs",),
    ("OpenAI-backed startup cuts 200 jobs",),
    ("Core Ultra 9 tested: Intel's flagship trails AMD",),
)


@pytest.mark.parametrize(("title", "theme", "actor", "modality"), [*CERTAINTY, *ACTORS, *THEMES])
def test_a_headline_makes_its_claim(analyzer, title, theme, actor, modality):
    assert (theme, actor, modality) in claims(analyzer.analyze([nlp_entry(title)])[0])


@pytest.mark.parametrize("title", SILENT)
def test_a_headline_of_another_world_makes_no_claim(analyzer, title):
    assert analyzer.analyze([nlp_entry(title)])[0].events == ()


@pytest.mark.parametrize(
    "title", ["Nvidia rival AMD raises forecast", "Apple supplier Foxconn cuts server outlook"]
)
def test_a_company_that_only_describes_another_does_not_act(analyzer, title):
    actors = {e.actor for e in analyzer.analyze([nlp_entry(title)])[0].events}
    assert not actors & {"NVDA", "AAPL"}


@pytest.mark.parametrize(
    "title",
    [
        "A year ago Microsoft cancelled data-center leases",
        "Last spring Amazon slashed GPU prices by 44%",
        "Nvidia shares had fallen 17% in January 2025",
    ],
)
def test_what_a_text_recalls_is_background(analyzer, title):
    analysis = analyzer.analyze([nlp_entry(title)])[0]
    assert analysis.events
    assert analysis.fresh_events == ()


def test_a_filing_confirms_what_it_states(analyzer):
    title = "Applied Digital Corp. announces pricing of $2 billion senior secured notes"
    event = analyzer.analyze([nlp_entry(title, kind=SourceKind.FILING)])[0].events[0]
    assert (event.theme, event.actor, event.attribution) == ("debt_financing", "APLD", "filing")


def test_a_hashtag_that_is_a_sentence_is_read_as_one(analyzer):
    entry = nlp_entry("", "#MetaSellsComputeTriggersChipSlump", SourceKind.SOCIAL)
    analysis = analyzer.analyze([entry])[0]
    found = {(e.theme, e.actor): evidence(entry, e) for e in analysis.events}
    assert found == {("compute_resale", "META"): "SellsCompute", ("selloff", "semiconductors"): "ChipSlump"}


def test_a_community_post_is_read_past_its_emoji_and_disclaimers(analyzer):
    text = (
        "#MetaSellsComputeTriggersChipSlump 🔥\n\n**What happened?**\n🔹 Meta is exploring selling spare computing power\n"
        "🔹 Micron fell 13%, SanDisk −12%\n🔹 chip stocks slump 😱\n\nNot financial advice. DYOR\n"
        "Contains AI-generated content\nLike Share Comment Follow"
    )
    entry = nlp_entry("", text, SourceKind.SOCIAL)
    analysis = analyzer.analyze([entry])[0]
    assert {("selloff", "MU", "confirmed"), ("selloff", "SNDK", "confirmed")} <= claims(analysis)
    assert ("compute_resale", "META") in {(e.theme, e.actor) for e in analysis.events}
    assert {"ai_generated", "disclaimer"} <= analysis.flags
    assert all(evidence(entry, e) for e in analysis.events)


def test_a_theme_and_actor_are_claimed_once(analyzer):
    text = "Nvidia fell 5%. Nvidia shares fall again. Nvidia slid 6% after hours."
    events = analyzer.analyze([nlp_entry("Nvidia shares fall 5%", text)])[0].events
    assert [(e.theme, e.actor) for e in events] == [("selloff", "NVDA")]


def test_a_denial_silences_the_report_that_it_recounts(analyzer):
    entry = nlp_entry(
        "Microsoft denies it cut orders", "A paper had said that Microsoft cancelled orders for servers."
    )
    assert {m for _, _, m in claims(analyzer.analyze([entry])[0])} == {"denied"}


def test_a_claim_that_the_title_calls_untrue_is_denied(analyzer):
    entry = nlp_entry(
        "Microsoft calls newspaper story fiction", "The paper wrote that it cancelled orders for servers."
    )
    assert {(t, m) for t, _, m in claims(analyzer.analyze([entry])[0])} == {("demand_weak", "denied")}


def test_a_sentence_without_a_name_speaks_of_the_company_in_the_title(analyzer):
    entry = nlp_entry("Hindenburg attacks Super Micro", "The shares dropped as much as 8% on Tuesday.")
    assert ("selloff", "SMCI", "confirmed") in claims(analyzer.analyze([entry])[0])
