"""How the runs of a streak read at %(now)s, in SQL: a boundary that has passed counts, written or not (RULES 5)."""

# The first window from the one that the run waits for on that no pause excuses: when it is over, it broke the run, and
# the seal only writes that down. Behind an excused window such a one is known by the pause that ended.
READING = """
    LEFT JOIN LATERAL (
        SELECT next.key, next.start_at, next.end_at
        FROM (
            SELECT progress.period_key AS key, progress.period_start_at AS start_at, progress.period_end_at AS end_at
            UNION ALL
            SELECT
                resumption.window ->> 'key',
                (resumption.window ->> 'start')::timestamptz,
                (resumption.window ->> 'end')::timestamptz
            FROM streak
            CROSS JOIN jsonb_to_recordset(streak.resumptions) AS resumption (schedule jsonb, "window" jsonb)
            WHERE streak.tenant = progress.tenant
              AND streak.id = progress.definition_id
              AND resumption.schedule = progress.schedule
              AND (resumption.window ->> 'start')::timestamptz >= progress.period_end_at
            UNION ALL
            SELECT
                to_char(span.start_at, 'YYYY-MM-DD"T"HH24:MI:SS' || CASE
                    WHEN span.start_at = date_trunc('second', span.start_at) THEN '"Z"'
                    ELSE '.US"Z"'
                END),
                span.start_at,
                least(span.start_at + span.length, (progress.schedule ->> 'ends_at')::timestamptz)
            FROM streak
            CROSS JOIN unnest(streak.pauses) AS pause (stretch)
            CROSS JOIN LATERAL (
                SELECT
                    coalesce((progress.schedule ->> 'rolling_seconds')::integer, 86400) * interval '1 second' AS length
            ) AS rolling
            CROSS JOIN LATERAL (
                SELECT
                    length,
                    progress.first_period_start_at + length * ceil(
                        extract(epoch FROM upper(pause.stretch) - progress.first_period_start_at)
                        / extract(epoch FROM length)
                    )::integer AS start_at
            ) AS span
            WHERE streak.tenant = progress.tenant
              AND streak.id = progress.definition_id
              AND progress.schedule ->> 'period' = 'rolling'
              AND NOT upper_inf(pause.stretch)
              AND span.start_at >= progress.period_end_at
              AND span.start_at < coalesce((progress.schedule ->> 'ends_at')::timestamptz, 'infinity')
        ) AS next
        WHERE progress.status = 'in_progress'
          AND progress.period_end_at <= %(now)s
          AND NOT EXISTS (
              SELECT
              FROM streak
              WHERE streak.tenant = progress.tenant
                AND streak.id = progress.definition_id
                AND streak.pauses && tstzrange(next.start_at, next.end_at)
          )
        ORDER BY next.start_at
        LIMIT 1
    ) AS missed ON missed.end_at <= %(now)s
"""

# A run that was foreseen to follow missed windows is there from the last one's end on, unless a pause excuses one.
THERE = """(
          {run}.after_missed IS NULL
          OR (
              upper({run}.after_missed) <= {moment}
              AND NOT EXISTS (
                  SELECT
                  FROM streak
                  WHERE streak.tenant = {run}.tenant
                    AND streak.id = {run}.definition_id
                    AND streak.pauses && {run}.after_missed
              )
          )
      )"""


def there(run: str, moment: str = "%(now)s") -> str:
    """SQL of whether a run is there at a moment, under the name that the statement gives it."""
    return THERE.format(run=run, moment=moment)


STATUS = "CASE WHEN missed.end_at IS NOT NULL THEN 'broken' ELSE progress.status END AS status"

PERIOD = """
        CASE
            WHEN progress.status = 'completed' THEN progress.completed_key
            ELSE coalesce(missed.key, progress.period_key)
        END AS period_key,
        CASE
            WHEN progress.status = 'completed' THEN progress.completed_start_at
            ELSE coalesce(missed.start_at, progress.period_start_at)
        END AS period_start_at,
        CASE
            WHEN progress.status = 'completed' THEN progress.completed_end_at
            ELSE coalesce(missed.end_at, progress.period_end_at)
        END AS period_end_at
"""

# What was logged behind the window that broke a run is not its own.
ENDED = """
        coalesce(missed.end_at, progress.broken_at) AS broken_at,
        CASE
            WHEN missed.end_at IS NULL THEN progress.last_contribution_at
            ELSE coalesce(progress.kept_contribution_at, progress.last_contribution_at)
        END AS last_contribution_at
"""
