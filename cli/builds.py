"""What is being built beside the live read tables, as operators see it."""

from projections.rebuilding.builds import Build

ROW = "{projection:<20} {role}: {state}, {done:,} of {total:,} events{rate}{eta}, {runner}"


def line_of(build: Build) -> str:
    """One line about a build, or about a table that is kept from before a switch."""
    if build.role == "kept":
        since = f"{build.started_at:%Y-%m-%d %H:%M:%S} UTC"
        return f"{build.projection:<20} kept: the table from before the switch of {since}"
    by = f"by {build.runner} since {build.resumed_at:%Y-%m-%d %H:%M:%S} UTC"
    return ROW.format(
        projection=build.projection,
        role=build.role,
        state=build.state,
        done=build.done,
        total=build.total,
        rate=f", {build.rate:,.0f}/s" if build.rate is not None else "",
        eta=f", {build.eta_seconds:,.0f} s left" if build.eta_seconds is not None else "",
        runner=by if build.at_work else "nobody is at work: start it again",
    )
