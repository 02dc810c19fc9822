-- Open and closed incidents of every day, counted from the raw file by DuckDB and nothing of raceline:
--
--   duckdb -cmd "SET VARIABLE file = '../shared/data/uci_incident/incident_event_log.csv.gz'" -init bench/uci_cases.sql
--
-- An incident is named by its caller and its number. A day ends at midnight UTC. What an incident is like at the end of a
-- day, its last row up to then says, by sys_updated_at and within a minute by sys_mod_count.

CREATE TABLE incident_row AS
SELECT
    CASE r.caller_id WHEN '?' THEN 'unknown-caller' ELSE r.caller_id END AS caller,
    r.number,
    strptime(r.sys_updated_at, '%d/%m/%Y %H:%M') AS updated,
    CAST(updated AS date) AS day,
    CAST(r.sys_mod_count AS int) AS count,
    r.active = 'true' AS active,
    NULLIF(r.assignment_group, '?') AS working_group,
    r.priority[1] AS priority,
    NULLIF(r.closed_code, '?') AS code,
    NULLIF(r.u_symptom, '?') AS symptom
FROM read_csv(getvariable('file'), all_varchar = true, header = true) AS r;

-- The state after each row. A missing symptom leaves what was there; the code is known from the first closing on.
CREATE TABLE state AS
SELECT
    r.caller, r.number, r.updated, r.day, r.count, r.active, r.priority AS severity,
    last_value(r.symptom IGNORE NULLS) OVER so_far AS problem,
    last_value(CASE WHEN NOT r.active THEN r.code END IGNORE NULLS) OVER so_far AS cause,
    NOT r.active AND lag(r.active) OVER so_far AS closes
FROM incident_row AS r
WINDOW so_far AS (
    PARTITION BY r.caller, r.number ORDER BY r.updated, r.count ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
);

-- The stages of uci_cases_racetrack.yaml: a caller's second incident, and the tenth.
CREATE TABLE caller AS
SELECT
    i.caller, min(i.first) AS came_at, max(i.first) FILTER (i.n = 2) AS returning_at, max(i.first) FILTER (i.n = 10) AS frequent_at
FROM (
    SELECT r.caller, min(r.updated) AS first, row_number() OVER (PARTITION BY r.caller ORDER BY min(r.updated)) AS n
    FROM incident_row AS r
    GROUP BY r.caller, r.number
) AS i
GROUP BY i.caller;

CREATE MACRO stage_of(c, moment) AS
    CASE WHEN c.frequent_at <= moment THEN 'frequent' WHEN c.returning_at <= moment THEN 'returning' ELSE '' END;

CREATE TABLE calendar AS
SELECT CAST(d.day AS date) AS day, d.day + INTERVAL 1 DAY - INTERVAL 1 MICROSECOND AS ends
FROM (SELECT unnest(generate_series(min(r.day), max(r.day), INTERVAL 1 DAY)) AS day FROM incident_row AS r) AS d;

CREATE TABLE last_of_day AS
SELECT s.*
FROM state AS s
QUALIFY row_number() OVER (PARTITION BY s.caller, s.number, s.day ORDER BY s.updated DESC, s.count DESC) = 1;

CREATE TABLE open_incident AS
SELECT d.day, stage_of(c, d.ends) AS stage, s.caller, s.number, s.severity, s.problem, s.cause
FROM calendar AS d
CROSS JOIN (SELECT DISTINCT r.caller, r.number FROM incident_row AS r) AS i
ASOF JOIN last_of_day AS s ON s.caller = i.caller AND s.number = i.number AND s.day <= d.day
JOIN caller AS c ON c.caller = i.caller
WHERE s.active;

-- An incident that is closed twice on a day counts once, as it was the last time.
CREATE TABLE closed_incident AS
SELECT s.day, stage_of(c, s.updated) AS stage, s.caller, s.number, s.severity, s.problem, s.cause
FROM state AS s
JOIN caller AS c ON c.caller = s.caller
WHERE s.closes
QUALIFY row_number() OVER (PARTITION BY s.caller, s.number, s.day ORDER BY s.updated DESC, s.count DESC) = 1;

-- Who is there at the end of a day, who came on it and who left.
CREATE TABLE stage_day AS
WITH stay AS (
    SELECT '' AS stage, c.came_at AS entered, c.returning_at AS departed FROM caller AS c
    UNION ALL SELECT 'returning', c.returning_at, c.frequent_at FROM caller AS c WHERE c.returning_at IS NOT NULL
    UNION ALL SELECT 'frequent', c.frequent_at, NULL FROM caller AS c WHERE c.frequent_at IS NOT NULL
)
SELECT
    d.day, s.stage,
    count(*) FILTER (s.entered <= d.ends AND (s.departed IS NULL OR s.departed > d.ends)) AS customers,
    count(*) FILTER (CAST(s.entered AS date) = d.day) AS entered,
    count(*) FILTER (CAST(s.departed AS date) = d.day) AS departed
FROM calendar AS d
CROSS JOIN stay AS s
GROUP BY d.day, s.stage;

-- The overlays: what happened on a day, by the stage that the caller was in then.
CREATE TABLE overlay AS
SELECT
    r.day, stage_of(c, r.updated) AS stage, count(*) AS changes,
    count(DISTINCT r.working_group) FILTER (r.active) AS groups
FROM incident_row AS r
JOIN caller AS c ON c.caller = r.caller
GROUP BY ALL;

-- The same by number alone, for the incidents that change hands.
CREATE TABLE open_by_number AS
SELECT d.day, s.number
FROM calendar AS d
CROSS JOIN (SELECT DISTINCT r.number FROM incident_row AS r) AS i
ASOF JOIN (
    SELECT l.* FROM last_of_day AS l
    QUALIFY row_number() OVER (PARTITION BY l.number, l.day ORDER BY l.updated DESC, l.count DESC) = 1
) AS s ON s.number = i.number AND s.day <= d.day
WHERE s.active;
