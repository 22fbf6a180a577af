"""Targets of assignments: what lies under a category, a module or a course now, and how many items that is."""

# What lies under each id that `wanted` names, itself included: one row a target and item, live when everything from the
# target down to the item is. UNION ends even in a catalogue that was made to lie under itself.
UNDER = """
    under AS (
        SELECT
            root.id AS target_id,
            root.id,
            root.kind,
            root.content_area,
            root.items,
            root.total_challenges,
            root.updated_at,
            root.status = 'live' AS live
        FROM catalogue AS root
        WHERE root.tenant = %(tenant)s
          AND root.id IN (SELECT wanted.target_id FROM wanted)
        UNION
        SELECT
            under.target_id,
            child.id,
            child.kind,
            child.content_area,
            child.items,
            child.total_challenges,
            child.updated_at,
            under.live AND child.status = 'live'
        FROM under
        CROSS JOIN LATERAL (
            SELECT *
            FROM catalogue
            WHERE tenant = %(tenant)s
              AND parent_id = under.id
            UNION ALL
            SELECT *
            FROM catalogue
            WHERE tenant = %(tenant)s
              AND id = ANY (ARRAY(SELECT jsonb_array_elements_text(under.items)))
        ) AS child
        WHERE under.kind NOT IN ('topic', 'scenario')
          AND child.content_area = under.content_area
    )
"""

# One row a target and item: how many challenges, or scenarios, it is. What is not live counts for nothing.
ITEM = """
    item AS (
        SELECT
            target_id,
            id,
            kind,
            max(updated_at) AS updated_at,
            CASE
                WHEN NOT bool_or(live) THEN 0
                WHEN kind = 'topic' THEN max(total_challenges)
                WHEN kind = 'scenario' THEN 1
                ELSE 0
            END AS total_items
        FROM under
        GROUP BY target_id, id, kind
    )
"""
