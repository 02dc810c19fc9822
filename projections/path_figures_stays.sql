-- The stays in a stage, of which path_figures_stays.py asks what customers viewed before they moved on.

-- name: stays
-- A stay ends by the next move. Backward moves and leaving are no moves on: such a stay was watched until then.
SELECT m.customer_id, m.entered_at, m.left_at,
       COALESCE(k.kind IN ('forward', 'skip', 'edge', 'lap'), false) AS moved
FROM live.moves AS m
LEFT JOIN live.moves AS k ON k.customer_id = m.customer_id AND k.racetrack = m.racetrack AND k.n = m.n + 1
WHERE m.racetrack = current_setting('raceline.racetrack') AND m.to_stage = current_setting('raceline.stage')
