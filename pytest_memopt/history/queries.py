"""The SQL of the history; parameters are named after the attributes of the records."""

from __future__ import annotations

from typing import Final

RUNS: Final = """
    SELECT runs.*, machine, platform, python
    FROM runs JOIN environments ON environments.id = environment_id
    WHERE (:machine IS NULL OR (machine = :machine AND platform = :platform AND python = :python))
        AND (:id IS NULL OR runs.id = :id)
    ORDER BY started DESC, runs.id DESC LIMIT :limit"""

TESTS: Final = "SELECT * FROM tests JOIN names ON names.id = name_id WHERE run_id = ? ORDER BY position"

NODEIDS: Final = """
    SELECT DISTINCT nodeid FROM tests JOIN names ON names.id = name_id
    WHERE run_id IN (SELECT value FROM json_each(?)) ORDER BY nodeid"""

NAMES: Final = "SELECT names.id, wanted.key FROM json_each(?) AS wanted CROSS JOIN names ON nodeid = wanted.value"

RECENT: Final = """
    SELECT runs.id, "commit" FROM runs JOIN environments ON environments.id = environment_id
    WHERE machine = :machine AND platform = :platform AND python = :python
    ORDER BY started DESC, runs.id DESC LIMIT :runs"""

# {metric} is filled in with a value of the enum `Metric`, never with text from outside.
VALUES: Final = """
    SELECT name_id, {metric} FROM tests WHERE run_id = ? AND name_id IN (SELECT value FROM json_each(?))
        AND {metric} IS NOT NULL AND outcome NOT IN ('skipped', 'error')"""

ADD_ENVIRONMENT: Final = """
    INSERT OR IGNORE INTO environments (machine, platform, python) VALUES (:machine, :platform, :python)"""

ADD_RUN: Final = """
    INSERT INTO runs (uid, environment_id, started, duration_s, plugin_version, "commit", branch, dirty, workers,
        test_count, rss_start_bytes, rss_end_bytes, rss_peak_bytes, growth_mb_per_minute)
    VALUES (:uid, (SELECT id FROM environments
            WHERE machine = :machine AND platform = :platform AND python = :python),
        :started, :duration_s, :plugin_version, :commit, :branch, :dirty, :workers,
        :test_count, :rss_start_bytes, :rss_end_bytes, :rss_peak_bytes, :growth_mb_per_minute)"""

ADD_NAME: Final = "INSERT OR IGNORE INTO names (nodeid) VALUES (?)"

ADD_TEST: Final = """
    INSERT INTO tests (name_id, run_id, position, outcome, verdict, duration_s,
        growth_bytes, peak_rss_bytes, peak_bytes, blocks, objects)
    VALUES ((SELECT id FROM names WHERE nodeid = ?), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""

PRUNE_RUNS: Final = """
    DELETE FROM runs WHERE id IN (
        SELECT id FROM (
            SELECT id, row_number() OVER (PARTITION BY environment_id ORDER BY started DESC, id DESC) AS age FROM runs)
        WHERE age > ?)"""

PRUNE_NAMES: Final = "DELETE FROM names WHERE id NOT IN (SELECT name_id FROM tests)"

KNOWLEDGE: Final = """
    SELECT machine, platform, python, kind, name, value, changed
    FROM knowledge JOIN environments ON environments.id = environment_id
    WHERE (:machine IS NULL OR (machine = :machine AND platform = :platform AND python = :python))
        AND (:kind IS NULL OR kind = :kind)
    ORDER BY machine, platform, python, kind, name"""

# What stays the same keeps its time. A merge takes only what is newer; who learned something now is right, whatever time
# another machine's clock had put on what was known.
ADD_KNOWLEDGE: Final = """
    INSERT INTO knowledge (environment_id, kind, name, value, changed)
    VALUES ((SELECT id FROM environments WHERE machine = :machine AND platform = :platform AND python = :python),
        :kind, :name, :value, :changed)
    ON CONFLICT (environment_id, kind, name) DO UPDATE SET value = excluded.value, changed = excluded.changed
    WHERE value <> excluded.value AND (:is_merge = 0 OR changed < excluded.changed)"""
