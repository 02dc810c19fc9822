"""The case role of event types: what an event does to a support case, and which attributes say it (section 7)."""

import pytest

from raceline.domain.catalogue import load
from raceline.domain.errors import InvalidCatalogue
from raceline.domain.event_type import CaseRule

BUILT_IN = load()
TICKET = """types:
  ticket.changed:
    version: 1
    documentation: A ticket of the help desk changed.
    source: {system: Help desk, database: desk, table: change}
    owner: Help Desk
    title: ticket {ticket} changed
    case: {does: updated, id: ticket}
    attributes:
      ticket: {type: code, required: true, documentation: The ticket.}
      parent: {type: code, documentation: The ticket that it belongs to.}
      urgency: {type: code, documentation: How urgent.}
      open: {type: boolean, documentation: Whether work goes on.}
      stars: {type: integer, documentation: How satisfied.}
      mood: {type: number, documentation: How satisfied.}
      words: {documentation: What was written.}
      writer: {values: [customer, agent], documentation: Who wrote it.}
      robot: {values: [macro, mail], documentation: What wrote it.}
"""
RULE = "{does: updated, id: ticket}"


@pytest.fixture
def with_rule(tmp_path):
    def read(rule):
        path = tmp_path / "desk.yaml"
        path.write_text(TICKET.replace(RULE, rule), encoding="utf-8")
        return load([path]).types["ticket.changed"]

    return read


def test_each_built_in_case_type_says_what_it_does_and_no_other_type_is_about_a_case():
    does = {name: (one.case.does, one.case_attributes) for name, one in BUILT_IN.types.items() if one.case}
    who = ("assignment_group", "assigned_to")
    assert does == {
        "case.opened": ("opened", ("case_id", "severity", "problem", *who)),
        "case.updated": ("updated", ("case_id", "severity", "problem", "active", *who)),
        "case.closed": ("closed", ("case_id", "cause_code")),
        "case.reopened": ("reopened", ("case_id", "severity")),
        "case.survey_answered": ("surveyed", ("case_id", "score")),
    }


def test_the_customers_words_are_in_openings_updates_reopenings_and_surveys_and_the_engineers_in_no_role():
    texts = {one.case.does: (one.case.text, one.case.author) for one in BUILT_IN.types.values() if one.case}
    assert texts == {
        "opened": ("text", None),
        "updated": ("text", "written_by"),
        "closed": (None, None),
        "reopened": ("text", None),
        "surveyed": ("text", None),
    }


def test_a_type_of_a_users_file_may_be_about_a_case(with_rule):
    one = with_rule("{does: updated, id: ticket, severity: urgency, active: open, text: words, author: writer}")
    assert one.case == CaseRule(
        does="updated", id="ticket", severity="urgency", active="open", text="words", author="writer"
    )


def test_an_attribute_with_two_roles_is_loaded_once_in_the_order_of_the_roles(with_rule):
    one = with_rule("{group: parent, severity: urgency, problem: urgency, does: closed, id: ticket}")
    assert one.case_attributes == ("ticket", "urgency", "parent")


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param("{does: surveyed, id: ticket, score: stars}", id="a score in whole numbers"),
        pytest.param("{does: surveyed, id: ticket, score: mood, text: words}", id="a score in any number"),
        pytest.param(
            "{does: closed, id: ticket, cause: parent, severity: urgency}", id="a closing with the last state"
        ),
        pytest.param("{does: updated, id: ticket, text: words, author: words}", id="an author of any name"),
    ],
)
def test_takes(with_rule, rule):
    assert with_rule(rule).case is not None


@pytest.mark.parametrize(
    ("rule", "column", "says"),
    [
        pytest.param("{id: ticket}", 11, "the key `does` is missing", id="what it does is said"),
        pytest.param(
            "{does: open, id: ticket}", 18, "did you mean `opened`?", id="an unknown deed names the one meant"
        ),
        pytest.param("{does: opened}", 11, "the key `id` is missing", id="a case has an id"),
        pytest.param(
            "{does: opened, id: ticket, priority: urgency}",
            38,
            "known are `does`",
            id="an unknown role names the known",
        ),
        pytest.param("{does: opened, id: tiket}", 26, "did you mean `ticket`?", id="roles name declared attributes"),
        pytest.param("{does: opened, id: parent}", 26, "make it `required`", id="every event says which case it is of"),
        pytest.param("{does: opened, id: words}", 26, "not of type code", id="an id is a code"),
        pytest.param("{does: opened, id: ticket, severity: stars}", 38, "not of type code", id="a severity is a code"),
        pytest.param("{does: opened, id: ticket, engineer: words}", 38, "not of type code", id="an engineer is a code"),
        pytest.param(
            "{does: updated, id: ticket, active: urgency}", 39, "not of type boolean", id="active is yes or no"
        ),
        pytest.param(
            "{does: surveyed, id: ticket, score: words}", 40, "not of type number or integer", id="a score is a number"
        ),
        pytest.param("{does: opened, id: ticket, text: parent}", 38, "not of type text", id="a text is a text"),
        pytest.param("{does: surveyed, id: ticket}", 11, "as `score`", id="a survey has a score"),
        pytest.param(
            "{does: surveyed, id: ticket, score: stars, severity: urgency}",
            54,
            "for opened, updated, closed, reopened, and nothing that `surveyed` can use; leave it out",
            id="a survey says nothing of the case itself",
        ),
        pytest.param(
            "{does: closed, id: ticket, score: stars}", 38, "`score` is for surveyed", id="only a survey has a score"
        ),
        pytest.param(
            "{does: opened, id: ticket, active: open}", 38, "`active` is for updated", id="an opened case is open"
        ),
        pytest.param(
            "{does: closed, id: ticket, text: words}",
            38,
            "`text` is for opened, updated, reopened, surveyed",
            id="a closing has no text of the customer",
        ),
        pytest.param(
            "{does: opened, id: ticket, text: words, author: writer}",
            51,
            "`author` is for updated",
            id="an opening is in the customer's words",
        ),
        pytest.param(
            "{does: updated, id: ticket, text: words}", 39, "name `text` and `author`", id="a note has an author"
        ),
        pytest.param(
            "{does: updated, id: ticket, author: writer}", 39, "name `text` and `author`", id="an author wrote a text"
        ),
        pytest.param(
            "{does: updated, id: ticket, text: words, author: robot}",
            52,
            "never `customer`",
            id="an author may be the customer",
        ),
    ],
)
def test_refuses_and_says_where_and_what_to_do(with_rule, rule, column, says):
    with pytest.raises(InvalidCatalogue) as refused:
        with_rule(rule)
    assert says in refused.value.detail
    assert (refused.value.facts["line"], refused.value.facts["column"]) == (8, column)
