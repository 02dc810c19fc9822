-- What the live read models are derived by.

-- name: live_racetracks
SELECT r.racetrack, r.version FROM live.racetracks AS r
