"""Invented news about anything but the field: as many different items as are asked for, always the same ones.

Titles and summaries are of the length that feeds bring (about 10 and 55 words). Money, percentages, firms and
markets occur in them as they do in real news, and one in five holds words that in other news would be companies
or the trade's goods: an arm, the Amazon, apples, chips, a server, a foundry.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from bot.model import DateQuality, Entry, SourceKind
from bot.text import digest

SLOTS = {
    "town": "Leeds Porto Tucson Aarhus Kraków Bergen Nairobi Quito Hobart Izmir Osaka Lyon Durban Halifax Bologna".split(),
    "land": "Norway Peru Kenya Portugal Vietnam Chile Poland Morocco Canada Greece Iceland Ghana".split(),
    "name": "Alvarez Okafor Lindqvist Rossi Tanaka Novak Murphy Haddad Petrov Silva Dubois Mbeki Larsen Cohen".split(),
    "club": "United Rovers Athletic Wanderers Sporting Dynamo City Olympic Rangers Harriers".split(),
    "n": "2 3 4 5 6 7 8 9 11 12 14 17 19 23 26 31 38 44 52 67 80".split(),
    "big": "120 250 400 650 900 1,200 2,400 3,100 7,800 12,000 45,000".split(),
    "day": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split(),
    "food": "bread olives cider cheese lentils plums coffee salmon honey pumpkins rice".split(),
    "animal": "otter lynx stork beaver seal bat wolf heron badger tortoise".split(),
    "art": "opera novel ballet sculpture documentary musical tapestry photograph".split(),
    "ill": "measles asthma malaria diabetes migraine flu shingles".split(),
    "adj": "quiet stormy narrow unexpected familiar bitter golden modest crowded early".split(),
    "month": "January March April June August October November".split(),
}
ITEMS = (
    (
        "{club} beat {town} {n}-1 to stay top of the table",
        "{name} scored twice before half-time and {club} held on after a {adj} second half in {town}. The coach praised the back line, who have let in only {n} goals since {month}. About {big} fans made the trip on {day}, many of them by overnight bus, and stayed long after the whistle.",
    ),
    (
        "{name} out for {n} weeks with a torn hamstring",
        "The captain of {club} was carried off on {day} and will miss the cup tie in {town}. A scan showed a tear that heals slowly, the team doctor said. {name} is likely to start in his place; the {adj} midfielder played {n} times for {land} last year and has waited for the chance since {month}.",
    ),
    (
        "Flood warnings across {land} as rivers keep rising",
        "Up to {big} homes were without electricity on {day} after {n} hours of rain. Schools in {town} stay shut until further notice, and trains run at half the usual speed. Forecasters expect a {adj} end to the week. The fire service asked people to keep away from bridges and to check on elderly neighbours.",
    ),
    (
        "Council in {town} votes to close {n} libraries",
        "The {adj} meeting went on until midnight. The council needs to save ${n} million and says that visits have fallen {n}% since {month}. {name}, who leads the opposition, called the decision short-sighted and promised to bring it back before the vote on the budget. A petition with {big} names was handed over on {day}.",
    ),
    (
        "Rare {animal} seen near {town} for the first time in decades",
        "A walker photographed the {animal} at dawn on {day}. Biologists believe that it came down from the hills of {land}, where about {big} are left. {name} of the nature trust asked people not to feed it. The {adj} valley was declared a reserve {n} years ago, and otters have come back there since.",
    ),
    (
        "Recipe: {adj} {food} tart for a cold evening",
        "This tart needs {n} ingredients and no special tin. Chop the {food}, fold in two eggs and a spoon of mustard, and bake for {n} minutes until the crust turns dark gold. {name} learned it from an aunt in {town} and serves it with bitter leaves. It keeps for {n} days and tastes better on the second.",
    ),
    (
        "{name} wins {land}'s top prize for a {adj} {art}",
        "The jury in {town} praised work that took {n} years to finish. It will be shown until {month} before it travels to {land}. {name}, who drove a taxi until the age of {n}, dedicated the prize of ${big} to a former teacher. Critics were divided: one found it slow, another could not look away.",
    ),
    (
        "Study links late dinners to {ill}",
        "Researchers in {land} followed {big} adults for {n} years. Those who ate after nine had a {n}% higher risk, although the authors warn that other habits may be behind it. {name}, who was not involved, called the finding plausible and asked for a proper trial. The paper appeared on {day} in a journal of public health.",
    ),
    (
        "Hospital in {town} opens ward after ${n} million gift",
        "The ward has {n} beds and a garden on the roof. It was paid for by a family that made its fortune in {food}. Patients with {ill} will be the first to move in, in {month}. {name}, the head nurse, said that staff had asked for more daylight for {n} years. Running it costs about ${big} a day.",
    ),
    (
        "Airline adds {n} routes from {town} for the summer",
        "Flights to {land} start in {month} and cost from ${n} one way. The airline carried {n}% more passengers last year and has hired {big} people. {name}, who runs the airport, hopes for a {adj} season after a strike of baggage handlers. Environmental groups announced a protest for {day}.",
    ),
    (
        "Shares of bakery chain fall {n}% after a poor Christmas",
        "The owner of {big} shops in {land} sold fewer cakes than hoped and cut its outlook for the year. Costs of butter and {food} rose {n}%. {name}, the chief executive, said that trading had been {adj} since {month} and that some ovens would be switched off earlier. Analysts expect a dividend all the same.",
    ),
    (
        "Central bank of {land} keeps its rate at {n}%",
        "The decision on {day} was expected by all but two of {n} economists. Inflation fell in {month}, but wages still rise by {n}%. Governor {name} spoke of a {adj} recovery and gave no hint about the next meeting. The currency hardly moved, and the stock market in {town} closed {n} points higher.",
    ),
    (
        "Police find stolen {art} in a garage near {town}",
        "It had been missing for {n} years. Two men were arrested on {day} after a tip from a neighbour, who noticed a {adj} smell of varnish. Officers also found {big} in cash and a boat engine. {name}, who once restored the work, cried when told. A judge in {land} will decide to whom it belongs.",
    ),
    (
        "{land} votes: what you need to know before {day}",
        "About {big} polling stations open at seven. {name} leads by {n} points in most surveys, but a {adj} campaign has left one voter in five undecided. The main issues are pensions, rents and the harbour of {town}. A second round, should one be needed, takes place in {month}. First results are due before midnight.",
    ),
    (
        "Train drivers in {land} strike over night shifts",
        "No trains ran between {town} and the coast on {day}. The union wants {n}% more pay and longer breaks; the railway calls that {adj} and offers half. {name}, a commuter, walked {n} kilometres to work. Talks go on, and an arbitrator is ready to help from {month}. Buses were full by six in the morning.",
    ),
    (
        "Ten {adj} walks around {town}",
        "The shortest takes an hour, the longest {n} days with a tent. All can be reached by bus. Look out for the {animal} at dusk, and bring water: the last spring is {n} kilometres from the pass. {name}, who marked the paths in {month}, likes the one along the old canal, where {food} grow wild.",
    ),
    (
        "Farmers in {land} fear for the {food} harvest",
        "It has hardly rained since {month}. Around {big} hectares are lost already, and what is left is {adj} and small. {name}, whose family has grown {food} near {town} for {n} generations, sells some of the land. The ministry promised ${n} million of help on {day}. Prices at the market are up {n}%.",
    ),
    (
        "Singer {name} adds dates in {town} after tickets go in {n} minutes",
        "More than {big} people waited in the queue on {day}. The tour begins in {land} in {month} and will visit {n} cities. Her {adj} third album was written in a cabin without running water. Fans complained of prices; the promoter said that a share goes to a school of music near {town}.",
    ),
    (
        "How a {animal} held up the motorway for {n} hours",
        "Drivers near {town} got out of their cars and sang. The {animal} had come through a hole in the fence on {day} and refused to leave the fast lane. {name} of the traffic police tried {food}, then a blanket. It was led away unharmed; the {adj} hole has been mended. Cost of the delay: about ${big}.",
    ),
    (
        "Museum in {town} asks for old letters from {land}",
        "An exhibition about those who left in the hard winter opens in {month}. {name}, the curator, has {n} letters so far and hopes for {big}. Most are {adj} notes about weather and prices. Whoever has some in an attic may bring them on {day}; they are copied while one waits and given back.",
    ),
    (
        "New bridge in {town} {n} months late and ${n} million over",
        "Divers found {adj} rock where maps showed sand. The bridge will carry {big} vehicles a day and should open in {month}. {name}, the engineer in charge, defended the choice of steel from {land}. A committee hears witnesses on {day}. Ferries run every {n} minutes meanwhile and are free for residents.",
    ),
    (
        "{name}: 'I never planned to run a marathon at {n}'",
        "It began with a bet over {food}. The retired teacher from {town} trained for {n} months, mostly before dawn and once in a {adj} hailstorm. On {day} {name} finished among {big} runners, in tears and asking for soup. Next is a race in {land}, with a daughter who has promised not to stop for the {animal}.",
    ),
    (
        "Retailer to cut {big} jobs as shoppers stay away",
        "Stores in {town} and {n} other places close by {month}. Sales fell {n}% and rents rose. {name}, who took over on {day}, told staff of {adj} months ahead, but expects to break even next year. The union asked the government of {land} for help. Shares of the group gained {n}% on the news.",
    ),
    (
        "{name} breaks an arm and plays on for {n} minutes",
        "The keeper of {club} fell on her left arm after {n} minutes in {town} and refused to be taken off. Only at the hospital did she learn that it was broken. The target is to be fit by {month}, said the doctor. About {big} fans sang her name on {day}; {club} won {n}-0 and stay in the upper half of a {adj} table.",
    ),
    (
        "Explorers from {land} follow the Amazon to its source",
        "For {n} weeks the party paddled up the Amazon and its side arms, with {big} kilos of rice and a {adj} map from a library in {town}. They met a {animal}, two pilots and a poet. {name}, who led them, will tell of it on {day} in the old foundry, which has been a concert hall since {month}. Tickets cost ${n}.",
    ),
    (
        "Apple growers of {land} count {adj} losses after hail",
        "A storm on {day} broke {n}% of the branches near {town}. Apple and plum trees need {n} years to grow back. {name} showed reporters the orchard, where {big} boxes were to be picked by {month}. The growers ask for help; the ministry looks at its data on rainfall before it decides. Cider will be dearer.",
    ),
    (
        "The best fish and chips in {town}, by someone who tried {n}",
        "The batter must crackle and the chips be soft within. {name} ate at {n} places in {month} and gives top marks to a {adj} shop behind the harbour, where the server remembers every name. A portion costs ${n}; salmon is {n}% more. On {day} the queue is long, so bring a {art} and some patience, and ask for mushy peas.",
    ),
    (
        "An oracle, a {animal} and a {adj} night in {town}",
        "The new {art} by {name} opens under a full moon. An oracle speaks from a well, gold is weighed against {food}, and the third act lasts {n} minutes too long. Still, {big} people stood up to cheer on {day}. The gap between stage and hall has been closed with glass. It runs until {month}, then moves to {land}.",
    ),
    (
        "Power cut leaves {big} homes in {town} dark for {n} hours",
        "A {animal} had climbed into a transformer, said the grid operator on {day}. Traffic lights failed and a {adj} choir sang by candlelight. {name} of the council wants a second line to the data office of the town hall by {month}, at a cost of ${n} million. Bread was given away because the ovens and the cloud of steam were gone.",
    ),
    (
        "Letters: the {adj} truth about {food}",
        "Your article of {day} left out the growers. I have sold {food} in {town} for {n} years, and nobody asks what a box costs us. With ${n} a box we earn less than in {month}. {name} is right that supermarkets could pay more. I also miss a word on {land}, from where {big} tonnes come each year.",
    ),
)
_EXTRA = (
    "{name} has the full story.",
    "More on {day}.",
    "Read the {adj} details inside.",
    "Photos from {town}.",
    "Updated {day} with comments by {name}.",
)


def off_field(count: int, seed: int = 7) -> Iterator[Entry]:
    """So many invented items, in an order that depends on the seed."""
    pick = random.Random(seed)
    for n in range(count):
        words = {name: pick.choice(values) for name, values in SLOTS.items()}
        title, text = pick.choice(ITEMS)
        made = (title.format(**words), f"{text} {pick.choice(_EXTRA)}".format(**words))
        published = datetime(2026, 5, 4, 14, n // 60 % 60, n % 60, tzinfo=UTC)
        yield Entry(
            id=f"off-{n}",
            feed_id="general",
            guid=str(n),
            url="",
            title=made[0],
            text=made[1],
            content=digest(*made),
            published=published,
            date_quality=DateQuality.OK,
            seen_at=published,
            kind=SourceKind.PAPER,
            tier=2,
        )


def renumbered(entries: list[Entry], count: int) -> list[Entry]:
    """So many entries: the given ones again and again, each with an id of its own."""
    return [
        replace(entries[n % len(entries)], id=f"{entries[n % len(entries)].id}-{n}") for n in range(count)
    ]
