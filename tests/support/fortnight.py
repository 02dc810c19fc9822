"""A fortnight of support cases: five customers, nine cases, three stages (what follows from it: fortnight_table.py).

The days are those of New York, 3 to 16 March 2025. On the 9th the clocks there go forward, so local midnight is 05:00
UTC before and 04:00 UTC from then on.
"""

from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

from raceline.analytics.sentiment import score
from raceline.projections.replay import replay

ZONE = ZoneInfo("America/New_York")
CUSTOMERS = {"a": "ann", "b": "bob", "c": "cat", "d": "dan", "e": "eve"}
ACCOUNTS = {"ann": "north", "bob": "north", "cat": "south"}
DEFINITION = """
name: fortnight
title: Three stages, and no stage
time_zone: America/New_York
severities: [1, 2, 3, 4]
events: {products: [router]}
stages:
  need: {title: Need}
  purchase: {title: Purchase, revenue: true}
  use: {title: Use}
edges:
  buy_more: {title: Buys more, from: [use], to: purchase}
rules:
  looks: {title: Looks around, stage: need, from: [outside], when: {event: web.page_viewed, since: stage}}
  books: {title: Books, stage: purchase, when: {event: install_base.item_booked, since: stage}}
  books_more:
    title: Books while using it
    stage: purchase
    from: [use]
    when: {event: install_base.item_booked, since: stage}
  reports: {title: Reports, stage: use, when: {event: telemetry.device_reported, since: stage}}
exits:
  expires: {title: Lets the licence expire, when: {event: install_base.license_expired, since: stage}}
overlays:
  devices: {title: Devices that reported, event: telemetry.device_reported, distinct: device_id}
  booked: {title: Items booked, event: install_base.item_booked, sum: quantity}
  pricing: {title: Prices looked at, event: web.page_viewed, where: {page: {prefix: /pricing}}}
  scores: {title: Scores of surveys on the day of the answer, event: case.survey_answered, mean: score}
"""

# What people write. A letter stands for each text; of `g` the scorer can say nothing, and `x` is never the customer's.
TEXTS = {
    "c": "The network is slow since the upgrade, which is annoying.",
    "f": "This is a terrible and horrible outage, and I am furious!",
    "n": "The licence file belongs to the controller in the second rack.",
    "h": "Thanks for the new cable, it arrived this morning.",
    "g": "Der Switch startet seit gestern Abend nicht mehr, und niemand hat sich bisher bei uns gemeldet.",
    "x": "The customer is stupid and this horrible case is a disaster.",
}
# id, local day and time, type, what is said; the customer is the id's first letter, the text a letter of TEXTS.
EVENTS = """
a01  3 08:00 case.opened case_id=1 severity=3 problem=power text=c assignment_group=tier-1  # before her first stage
a02  4 10:00 web.page_viewed page=/products  # into need
a03  5 09:00 case.updated case_id=1 text=x written_by=engineer assignment_group=tier-2 assigned_to=kim
a04  5 20:00 web.page_viewed page=/setup
a05  5 20:05 web.page_viewed page=/setup
a06  5 20:10 web.page_viewed page=/pricing
a07  6 11:00 install_base.item_booked item_id=i-1 quantity=2  # into purchase
a08  6 12:00 content.viewed page=paper-1
a09  7 12:00 telemetry.device_reported device_id=d-1  # into use; case 1 is still open
a10  8 09:00 telemetry.device_reported device_id=d-1
a11  8 20:30 case.closed case_id=1 cause_code=COMM-7 text=x  # the 9th in UTC
a12  9 09:00 case.survey_answered case_id=1 score=4
a13  9 12:00 case.opened case_id=2 severity=1 text=f product=tape  # not of this racetrack
a14 10 10:00 case.reopened case_id=1 severity=2 text=f
a15 12 00:00 case.closed case_id=1 cause_code=SW-3  # midnight belongs to the day that begins
a16 13 15:00 case.survey_answered case_id=1 score=9 text=h

b01  2 10:00 web.page_viewed page=/products  # into need, before the fortnight
b02  3 14:00 install_base.item_booked item_id=i-1 quantity=3  # into purchase
b03  4 09:00 case.opened case_id=1 severity=4 problem=licence text=n assignment_group=tier-1
b04  5 10:00 case.updated case_id=1 severity=1 text=f written_by=customer
b05  5 16:00 case.updated case_id=1 severity=2 assignment_group=tier-1  # a second severity on the same day
b06  6 10:00 telemetry.device_reported device_id=d-2  # into use
b07  7 09:00 case.closed case_id=1 cause_code=HW-1
b08  7 13:00 case.reopened case_id=1 severity=3  # on the day on which it was closed
b09  8 10:00 telemetry.device_reported device_id=d-1  # the device that Ann has too
b10  9 10:00 case.closed case_id=1
b11  9 11:00 case.survey_answered case_id=1 score=2
b12  9 12:00 case.reopened case_id=1
b13  9 18:00 case.closed case_id=1 cause_code=SW-3  # for the second time on this day
b14 10 09:00 case.survey_answered case_id=1 score=8
b15 10 21:00 case.opened case_id=2 severity=1 problem=power text=h  # the 11th in UTC
b16 12 09:00 case.survey_answered case_id=2 score=5 text=f  # before it is closed
b17 14 10:00 case.updated case_id=2 active=false text=x  # closes it; nobody said that Bob wrote the text

c01  3 09:00 telemetry.device_reported device_id=d-9  # into use with the first event
c02  5 08:00 case.opened case_id=1 severity=2 problem=network text=f
c03  6 17:00 case.closed case_id=1 cause_code=COMM-7  # LATE: recorded after all others
c04  8 09:00 case.updated case_id=1 severity=3 text=h written_by=customer
c05  8 23:30 telemetry.device_reported device_id=d-9  # the 9th in UTC
c06 10 09:00 install_base.item_booked item_id=i-2 quantity=5  # into purchase, by the edge
c07 11 09:00 case.survey_answered case_id=1 score=6
c08 13 08:00 case.opened case_id=2 severity=5 problem=network  # not on the scale
c09 15 10:00 telemetry.device_reported device_id=d-9  # into use
c10 15 11:00 telemetry.device_reported device_id=d-10
c11 15 12:00 telemetry.device_reported device_id=d-9

d01  3 12:00 web.page_viewed page=/products  # into need with the first event
d02  4 13:00 case.updated case_id=1 text=g written_by=customer  # the first that is heard of it
d03  5 21:00 web.page_viewed page=/setup  # the 6th in UTC
d04  6 09:00 install_base.item_booked item_id=i-1 quantity=1  # into purchase
d05  7 17:00 case.opened case_id=2 severity=4 problem=licence text=n
d06  8 10:00 install_base.license_expired license_id=l-1  # leaves the racetrack with two open cases
d07 10 00:30 case.closed case_id=2 cause_code=USER-1  # the 9th, if it were not for summer time
d08 11 10:00 telemetry.device_reported device_id=d-3  # comes back, into use
d09 12 09:00 case.updated case_id=1 severity=2 problem=power text=h written_by=customer assigned_to=kim
d10 13 09:00 case.closed case_id=1

e01  6 22:00 case.opened case_id=1 severity=1 problem=network text=f  # the 7th in UTC
e02  8 09:00 case.closed case_id=2 cause_code=COMM-7  # the first that is heard of it
e03  9 10:00 content.viewed page=paper-2
e04 11 09:00 case.survey_answered case_id=3 score=1  # all that is known of this case
e05 12 11:00 case.reopened case_id=2 severity=1 text=c
e06 14 16:00 case.closed case_id=1 cause_code=USER-1 text=x sequence=1
e07 14 16:00 web.page_viewed page=/pricing sequence=2  # into need, at the same moment
e08 16 23:59 case.updated case_id=2 severity=3  # the last minute of the fortnight
e09 17 00:00 case.closed case_id=2 cause_code=SW-3  # the first moment after it
"""
LATE = "c03"


def moment(day, time):
    """A local time in UTC, as the API writes it."""
    local = datetime.strptime(f"2025-03-{int(day):02} {time} +0000", "%Y-%m-%d %H:%M %z").replace(tzinfo=ZONE)
    return local.astimezone(ZoneInfo("UTC")).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def deeds():
    """The events as their source sends them, customer by customer."""
    return [_envelope(*line.split("#")[0].split()) for line in EVENTS.splitlines() if line]


def _envelope(name, day, time, kind, *said):
    customer = CUSTOMERS[name[0]]
    data = {key: _value(key, text) for key, _, text in (one.partition("=") for one in said)}
    beside = {key: data.pop(key) for key in ("product", "sequence") if key in data}
    given = {
        "event_id": name,
        "source": "fortnight",
        "type": kind,
        "customer_id": customer,
        "occurred_at": moment(day, time),
        "data": data,
    }
    return given | beside | ({"account_id": ACCOUNTS[customer]} if customer in ACCOUNTS else {})


def _value(key, text):
    if key == "text":
        return TEXTS[text]
    return int(text) if text.isdigit() else {"false": False}.get(text, text)


def life():
    """All events but the late one, in the order in which they happened."""
    return sorted((one for one in deeds() if one["event_id"] != LATE), key=lambda one: one["occurred_at"])


def late():
    """The one that is recorded after all others, and happened before most of them."""
    return [one for one in deeds() if one["event_id"] == LATE]


WAYS = ("in batches", "the last event first", "replayed")


def tell(service, way):
    """Make the fortnight known to a service; the way makes no difference."""
    house, events = service.house, [*life(), *late()]
    house.activate(DEFINITION)
    if way == "replayed":
        service.take(events, project=False)
        replay(house.url, house.catalogue, house.rules)
    else:
        for n in range(0, len(events), 8):
            service.take((events if way == "in batches" else events[::-1])[n : n + 8])


@cache
def scores():
    """What the scorer says of each text, in ten-thousandths: all that is taken from the code."""
    return dict(zip(TEXTS, score(list(TEXTS.values())).score.tolist(), strict=True))


def sentiment(texts):
    """The mean score of these texts in ten-thousandths, halves rounded up."""
    found = [scores()[text] for text in texts]
    return (2 * sum(found) + len(found)) // (2 * len(found))


def feeling(texts):
    """The sentiment of a case with these texts as the API gives it."""
    return sentiment(texts) / 10_000 if texts else None
