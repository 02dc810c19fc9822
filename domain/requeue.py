"""A second chance for what is in quarantine, as it came in or corrected (design, section 4)."""

from raceline.domain.errors import NotQuarantined
from raceline.domain.event import Outcome, Reject
from raceline.domain.ingest import Ingest


def requeue(ingest: Ingest, quarantine_id: int, corrected: bytes | None = None) -> Outcome:
    """Offer an entry again, or in its place the JSON text of a `corrected` envelope.

    The entry leaves quarantine once its event is in the log; what is still wrong adds no second entry. May be called
    again after a crash. Raises NotQuarantined.
    """
    entry = ingest.log.quarantined_one(quarantine_id)
    if entry is None or entry.requeued_at is not None:
        raise NotQuarantined(quarantine_id=quarantine_id)
    raw = entry.raw if corrected is None else corrected
    place = f"quarantine {quarantine_id}"
    checked = ingest.check(raw, source=entry.source, place=place, now=ingest.clock())
    if isinstance(checked, Reject):
        return Outcome(outcome="quarantined", event_id=checked.event_id, reason=checked.reason, detail=checked.detail)
    [outcome] = ingest.store([checked], batch_source=place)
    if outcome.position is not None:
        ingest.log.mark_requeued(quarantine_id, outcome.position)
    return outcome
