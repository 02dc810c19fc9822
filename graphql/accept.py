"""Which type of answer a client would like (RFC 9110, section 12.5.1), of those that GraphQL over HTTP has."""

from starlette.requests import Request

RESPONSE_TYPE = "application/graphql-response+json"
JSON_TYPE = "application/json"


def _weights(accept: str) -> dict[str, float]:
    weights: dict[str, float] = {}
    for part in accept.split(","):
        name, *parameters = (text.strip().lower() for text in part.split(";"))
        weight = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                try:
                    weight = float(parameter[2:])
                except ValueError:
                    weight = 0.0
        weights[name] = weight
    return weights


def chosen_type(request: Request) -> str:
    """application/graphql-response+json where it is asked for and not liked less than application/json; else that."""
    weights = _weights(request.headers.get("accept", ""))
    new, old = weights.get(RESPONSE_TYPE, 0.0), weights.get(JSON_TYPE, 0.0)
    return RESPONSE_TYPE if new > 0 and new >= old else JSON_TYPE


def prefers_html(accept: str) -> bool:
    """A browser that was sent here."""
    weights = _weights(accept)
    return weights.get("text/html", 0.0) > max(weights.get(JSON_TYPE, 0.0), weights.get(RESPONSE_TYPE, 0.0))
