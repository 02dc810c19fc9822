"""What follows from the fortnight (fortnight.py), written down by hand: every figure of every stage and day.

Nothing here was taken from a run: each line can be checked with the events and a calendar. A case is written `a1`, case
1 of Ann; then what is known of it, as in `a1/3P./c`: severity 3, problem P, no cause, and behind the second slash the
customer's texts whose mean is its sentiment. `.` is not said; the first letters of problems and causes stand below.
"""

from collections import namedtuple

from fortnight import CUSTOMERS, moment

FIRST, LAST = 3, 16
STAGES = ("need", "purchase", "use", None)
PROBLEMS = {"P": "power", "L": "licence", "N": "network", ".": None}
CAUSES = {"C": "COMM-7", "S": "SW-3", "H": "HW-1", "U": "USER-1", ".": None}

# A case's sentiment is the mean of its customer's texts so far: "cf" is the mean of c and f.
TONE = {"": "", "c": "-", "f": "-", "cf": "-", "n": "0", "nf": "-", "h": "+", "hf": "-", "fh": "-"}

# One row for each stage and day; a point is 0.
#   here in out  customers at the end of the day; how many entered, and how many left on it. Whose first event leads
#                into a stage enters no stage with it, and leaves it
#   open         the cases that are open at the end of the day, of the customers who are in the stage then
#   closed       the cases that were closed on the day, with what was known at that moment
#   - 0 +        how many of these are negative, neutral and positive
#   surveys      the scores of the surveys that belong to the closings of the day
TABLE = {
    None: """
 day | here in out | open                        |  - 0 + | closed    |  - 0 + | surveys
   3 |    1  3   2 | a1/3P./c                    |  1 . . |           |  . . . |
   4 |    .  .   1 |                             |  . . . |           |  . . . |
   5 |    .  .   . |                             |  . . . |           |  . . . |
   6 |    1  1   . | e1/1N./f                    |  1 . . |           |  . . . |
   7 |    1  .   . | e1/1N./f                    |  1 . . |           |  . . . |
   8 |    2  1   . | e1/1N./f d1/.../ d2/4L./n   |  1 1 . | e2/..C/   |  . . . |
   9 |    2  .   . | e1/1N./f d1/.../ d2/4L./n   |  1 1 . |           |  . . . |
  10 |    2  .   . | e1/1N./f d1/.../            |  1 . . | d2/4LU/n  |  . 1 . |
  11 |    1  .   1 | e1/1N./f                    |  1 . . |           |  . . . |
  12 |    1  .   . | e1/1N./f e2/1.C/c           |  2 . . |           |  . . . |
  13 |    1  .   . | e1/1N./f e2/1.C/c           |  2 . . |           |  . . . |
  14 |    .  .   1 |                             |  . . . |           |  . . . |
  15 |    .  .   . |                             |  . . . |           |  . . . |
  16 |    .  .   . |                             |  . . . |           |  . . . |
""",
    "need": """
 day | here in out | open                        |  - 0 + | closed    |  - 0 + | surveys
   3 |    1  1   1 |                             |  . . . |           |  . . . |
   4 |    2  1   . | a1/3P./c d1/.../            |  1 . . |           |  . . . |
   5 |    2  .   . | a1/3P./c d1/.../            |  1 . . |           |  . . . |
   6 |    .  .   2 |                             |  . . . |           |  . . . |
   7 |    .  .   . |                             |  . . . |           |  . . . |
   8 |    .  .   . |                             |  . . . |           |  . . . |
   9 |    .  .   . |                             |  . . . |           |  . . . |
  10 |    .  .   . |                             |  . . . |           |  . . . |
  11 |    .  .   . |                             |  . . . |           |  . . . |
  12 |    .  .   . |                             |  . . . |           |  . . . |
  13 |    .  .   . |                             |  . . . |           |  . . . |
  14 |    1  1   . | e2/1.C/c                    |  1 . . | e1/1NU/f  |  1 . . |
  15 |    1  .   . | e2/1.C/c                    |  1 . . |           |  . . . |
  16 |    1  .   . | e2/3.C/c                    |  1 . . |           |  . . . |
""",
    "purchase": """
 day | here in out | open                        |  - 0 + | closed    |  - 0 + | surveys
   3 |    1  1   . |                             |  . . . |           |  . . . |
   4 |    1  .   . | b1/4L./n                    |  . 1 . |           |  . . . |
   5 |    1  .   . | b1/2L./nf                   |  1 . . |           |  . . . |
   6 |    2  2   1 | a1/3P./c d1/.../            |  1 . . |           |  . . . |
   7 |    1  .   1 | d1/.../ d2/4L./n            |  . 1 . |           |  . . . |
   8 |    .  .   1 |                             |  . . . |           |  . . . |
   9 |    .  .   . |                             |  . . . |           |  . . . |
  10 |    1  1   . |                             |  . . . |           |  . . . |
  11 |    1  .   . |                             |  . . . |           |  . . . |
  12 |    1  .   . |                             |  . . . |           |  . . . |
  13 |    1  .   . | c2/5N./                     |  . . . |           |  . . . |
  14 |    1  .   . | c2/5N./                     |  . . . |           |  . . . |
  15 |    .  .   1 |                             |  . . . |           |  . . . |
  16 |    .  .   . |                             |  . . . |           |  . . . |
""",
    "use": """
 day | here in out | open                        |  - 0 + | closed    |  - 0 + | surveys
   3 |    1  1   . |                             |  . . . |           |  . . . |
   4 |    1  .   . |                             |  . . . |           |  . . . |
   5 |    1  .   . | c1/2N./f                    |  1 . . |           |  . . . |
   6 |    2  1   . | b1/2L./nf                   |  1 . . | c1/2NC/f  |  1 . . | 6
   7 |    3  1   . | a1/3P./c b1/3LH/nf          |  2 . . | b1/2LH/nf |  1 . . |
   8 |    3  .   . | b1/3LH/nf                   |  1 . . | a1/3PC/c  |  1 . . | 4
   9 |    3  .   . |                             |  . . . | b1/3LS/nf |  1 . . | 2 8
  10 |    2  .   1 | a1/2PC/cf b2/1P./h          |  1 . 1 |           |  . . . |
  11 |    3  1   . | a1/2PC/cf b2/1P./h d1/.../  |  1 . 1 |           |  . . . |
  12 |    3  .   . | b2/1P./hf d1/2P./h          |  1 . 1 | a1/2PS/cf |  1 . . | 9
  13 |    3  .   . | b2/1P./hf                   |  1 . . | d1/2P./h  |  . . 1 |
  14 |    3  .   . |                             |  . . . | b2/1P./hf |  1 . . | 5
  15 |    4  1   . | c2/5N./                     |  . . . |           |  . . . |
  16 |    4  .   . | c2/5N./                     |  . . . |           |  . . . |
""",
}

# These rows were others before the late event: case 1 of Cat was open, to the end of the fortnight.
BEFORE = {
    "purchase": """
 day | here in out | open                        |  - 0 + | closed    |  - 0 + | surveys
  10 |    1  1   . | c1/3N./fh                   |  1 . . |           |  . . . |
  11 |    1  .   . | c1/3N./fh                   |  1 . . |           |  . . . |
  12 |    1  .   . | c1/3N./fh                   |  1 . . |           |  . . . |
  13 |    1  .   . | c1/3N./fh c2/5N./           |  1 . . |           |  . . . |
  14 |    1  .   . | c1/3N./fh c2/5N./           |  1 . . |           |  . . . |
""",
    "use": """
 day | here in out | open                        |  - 0 + | closed    |  - 0 + | surveys
   6 |    2  1   . | b1/2L./nf c1/2N./f          |  2 . . |           |  . . . |
   7 |    3  1   . | a1/3P./c b1/3LH/nf c1/2N./f |  3 . . | b1/2LH/nf |  1 . . |
   8 |    3  .   . | b1/3LH/nf c1/3N./fh         |  2 . . | a1/3PC/c  |  1 . . | 4
   9 |    3  .   . | c1/3N./fh                   |  1 . . | b1/3LS/nf |  1 . . | 2 8
  15 |    4  1   . | c2/5N./ c1/3N./fh           |  1 . . |           |  . . . |
  16 |    4  .   . | c2/5N./ c1/3N./fh           |  1 . . |           |  . . . |
""",
}

# Customers of the account north, that is Ann and Bob: here, in, out. No line is nobody.
NORTH = {
    (None, 3): (1, 1, 0),
    (None, 4): (0, 0, 1),
    ("need", 3): (0, 0, 1),
    ("need", 4): (1, 1, 0),
    ("need", 5): (1, 0, 0),
    ("need", 6): (0, 0, 1),
    ("purchase", 3): (1, 1, 0),
    ("purchase", 4): (1, 0, 0),
    ("purchase", 5): (1, 0, 0),
    ("purchase", 6): (1, 1, 1),
    ("purchase", 7): (0, 0, 1),
    ("use", 6): (1, 1, 0),
    ("use", 7): (2, 1, 0),
    **{("use", day): (2, 0, 0) for day in range(8, 17)},
}

# Where each case is open at the end of the day, a letter for a day: n p u - are need, purchase, use and no stage.
#      34567890123456 of March: 3 to 16
LIVES = {
    "a1": "-nnpu..uu.....",
    "b1": ".ppuuu........",
    "b2": ".......uuuu...",
    "c1": "..u...........",
    "c2": "..........ppuu",
    "d1": ".nnpp---uu....",
    "d2": "....p--.......",
    "e1": "...--------...",
    "e2": ".........--nnn",
}

# The same by case: in which state it was open, in which stage, from which day to the day after the last (17 is beyond
# the fortnight, `on` for ever), the event that gave that state, and the one that moved the customer into that stage.
OPEN = """
a1/3P./c   none      3  4  a01
a1/3P./c   need      4  6  a01 a02
a1/3P./c   purchase  6  7  a01 a07
a1/3P./c   use       7  8  a01 a09
a1/2PC/cf  use      10 12  a14 a09
b1/4L./n   purchase  4  5  b03 b02
b1/2L./nf  purchase  5  6  b05 b02
b1/2L./nf  use       6  7  b05 b06
b1/3LH/nf  use       7  9  b08 b06
b2/1P./h   use      10 12  b15 b06
b2/1P./hf  use      12 14  b16 b06
c1/2N./f   use       5  6  c02 c01
c2/5N./    purchase 13 15  c08 c06
c2/5N./    use      15 on  c08 c09
d1/.../    need      4  6  d02 d01
d1/.../    purchase  6  8  d02 d04
d1/.../    none      8 11  d02
d1/.../    use      11 12  d02 d08
d1/2P./h   use      12 13  d09 d08
d2/4L./n   purchase  7  8  d05 d04
d2/4L./n   none      8 10  d05
e1/1N./f   none      6 14  e01
e2/1.C/c   none     12 14  e05
e2/1.C/c   need     14 16  e05 e07
e2/3.C/c   need     16 17  e08 e07
"""
CLOSINGS = """
a1/3PC/c   use       8  9  a11 a09
a1/2PS/cf  use      12 13  a15 a09
b1/2LH/nf  use       7  8  b07 b06
b1/3LS/nf  use       9 10  b13 b06
b2/1P./hf  use      14 15  b17 b06
c1/2NC/f   use       6  7  c03 c01
d1/2P./h   use      13 14  d10 d08
d2/4LU/n   none     10 11  d07
e1/1NU/f   need     14 15  e06 e07
e2/..C/    none      8  9  e02
"""

# What is known of each case when all is known: since when and until when (the first time, and the last), how many hours
# it was open, how often reopened and reassigned; severity, problem and cause; group and engineer; texts; surveys. Ann's
# case 2 is not of this racetrack. Of Eve's case 3 only a survey is known.
CASES = """
a1 closed   3/08:00 12/00:00  132.5+38 1 1  2 power   SW-3   tier-2 kim  cfh  4 9
a2 open     9/12:00        .  .        0 0  1 .       .      .      .    f
b1 closed   4/09:00  9/18:00  72+44+6  2 0  3 licence SW-3   tier-1 .    nf   2 8
b2 closed  10/21:00 14/10:00  85       0 0  1 power   .      .      .    hf   5
c1 closed   5/08:00  6/17:00  33       0 0  3 network COMM-7 .      .    fh   6
c2 open    13/08:00        .  .        0 0  5 network .      .      .    .
d1 closed   4/13:00 13/09:00  211      0 0  2 power   .      .      kim  h
d2 closed   7/17:00 10/00:30  54.5     0 0  4 licence USER-1 .      .    n
e1 closed   6/22:00 14/16:00  185      0 0  1 network USER-1 .      .    f
e2 closed   8/09:00 17/00:00  0+109    1 0  3 .       SW-3   .      .    c
e3 unknown        .        .  0        0 0  . .       .      .      .    .    1
"""
# Each event, what it does, and whether the case is open after it; severity, problem, cause, group and engineer known by
# then; the customer's text that it brought, and the texts so far; the score of a survey; the stage of the customer at
# that moment, and the event that had moved the customer there.
HISTORIES = {
    "a1": """
a01 OPENED   open   3 power .      tier-1 .    c  c    .  .
a03 UPDATED  open   3 power .      tier-2 kim  .  c    .  need  a02
a11 CLOSED   closed 3 power COMM-7 tier-2 kim  .  c    .  use   a09
a12 SURVEYED closed 3 power COMM-7 tier-2 kim  .  c    4  use   a09
a14 REOPENED open   2 power COMM-7 tier-2 kim  f  cf   .  use   a09
a15 CLOSED   closed 2 power SW-3   tier-2 kim  .  cf   .  use   a09
a16 SURVEYED closed 2 power SW-3   tier-2 kim  h  cfh  9  use   a09
""",
    "d1": """
d02 UPDATED  open   . .     .      .      .    g  .    .  need  d01
d09 UPDATED  open   2 power .      .      kim  h  h    .  use   d08
d10 CLOSED   closed 2 power .      .      kim  .  h    .  use   d08
""",
    "e1": """
e01 OPENED   open   1 network .      .      .    f  f    .  .
e06 CLOSED   closed 1 network USER-1 .      .    .  f    .  need  e07
""",
    "e3": """
e04 SURVEYED .      . .       .      .      .    .  .    1  .
""",
}

# overlay, aggregate, {(stage, day): (value, events)}; no line is no such event.
OVERLAYS = {
    "devices": {
        ("use", 3): (1, 1),
        ("use", 6): (1, 1),
        ("use", 7): (1, 1),
        ("use", 8): (2, 3),  # d-1 of Ann, the same of Bob, and d-9
        ("use", 11): (1, 1),
        ("use", 15): (2, 3),  # d-9, d-10, d-9
    },
    "booked": {("purchase", 3): (3, 1), ("purchase", 6): (2 + 1, 2), ("purchase", 10): (5, 1)},
    "pricing": {("need", 5): (1, 1), ("need", 14): (1, 1)},
    "scores": {
        ("use", 9): ((4 + 2) / 2, 2),
        ("use", 10): (8, 1),
        (None, 11): (1, 1),
        ("purchase", 11): (6, 1),
        ("use", 12): (5, 1),
        ("use", 13): (9, 1),
    },
}
# Pages and content viewed, most viewed first.
PAGES = {
    ("need", 3): [("/products", 1)],
    ("need", 4): [("/products", 1)],
    ("need", 5): [("/setup", 3), ("/pricing", 1)],
    ("need", 14): [("/pricing", 1)],
}
CONTENT = {("purchase", 6): [("paper-1", 1)], (None, 9): [("paper-2", 1)]}

Entry = namedtuple("Entry", "customer case severity problem cause texts")
Side = namedtuple("Side", "entries tones surveys")
Row = namedtuple("Row", "customers open closed")
Spell = namedtuple("Spell", "entry stage begin end event trigger")
Life = namedtuple(
    "Life", "name status opened closed hours reopened reassigned severity problem cause group engineer texts surveys"
)
Step = namedtuple("Step", "event does open severity problem cause group engineer text texts survey stage trigger")


def entry(code):
    """What `a1/3P./c` means."""
    name, (severity, problem, cause), texts = code.split("/")
    said = None if severity == "." else severity
    return Entry(CUSTOMERS[name[0]], name[1:], said, PROBLEMS[problem], CAUSES[cause], texts)


def rows(tables):
    """(stage, day) -> its row in these tables."""
    return dict(_row(stage, line) for stage, text in tables.items() for line in text.strip().splitlines()[1:])


def _row(stage, line):
    day, customers, opened, open_tones, closed, closed_tones, surveys = (part.split() for part in line.split("|"))
    return (stage, int(day[0])), Row(
        _numbers(customers),
        Side([entry(one) for one in opened], _numbers(open_tones), ()),
        Side([entry(one) for one in closed], _numbers(closed_tones), _numbers(surveys)),
    )


def _numbers(parts):
    return tuple(0 if part == "." else int(part) for part in parts)


def spells(table):
    """The lines of OPEN or of CLOSINGS."""
    for line in table.strip().splitlines():
        code, stage, begin, end, event, *trigger = line.split()
        last = None if end == "on" else int(end)
        yield Spell(entry(code), None if stage == "none" else stage, int(begin), last, event, next(iter(trigger), None))


def lives():
    """The lines of CASES."""
    for line in CASES.strip().splitlines():
        name, status, opened, closed, hours, reopened, reassigned, *known = line.split()
        times = [None if one == "." else moment(*one.split("/")) for one in (opened, closed)]
        lasting = None if hours == "." else sum(map(float, hours.split("+")))
        counts, surveys = _numbers((reopened, reassigned)), _numbers(known[6:])
        yield Life(name, status, *times, lasting, *counts, *_said(known[:5]), _texts(known[5]), surveys)


def history(name):
    """The lines of one of HISTORIES."""
    for line in HISTORIES[name].strip().splitlines():
        event, does, is_open, *known = line.split()
        text, texts, survey, stage, trigger = (*known[5:], None)[:5]
        score, stages = _said((survey,)), _said((stage,))
        state = {"open": True, "closed": False, ".": None}[is_open]
        yield Step(event, does, state, *_said(known[:5]), _texts(text), _texts(texts), *score, *stages, trigger)


def _said(parts):
    return (None if part == "." else part for part in parts)


def _texts(part):
    return part.strip(".")
