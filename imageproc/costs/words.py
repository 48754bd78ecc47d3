"""An estimate in two short lines."""

from __future__ import annotations

from imageproc.costs.estimate import Estimate
from imageproc.costs.prices import DATE, REGION
from imageproc.presentation.text import photos_text


def usd(amount: float) -> str:
    """Return an amount for people: cents, or two digits of what is less."""
    if amount == 0 or amount >= 0.1:
        return f"{amount:,.2f} USD"
    return f"{amount:.2g} USD" if amount >= 0.0001 else "less than 0.0001 USD"


def brief(estimate: Estimate, *, local: bool) -> tuple[str, str]:
    """Return what the stack alone costs a month, and what the photos cost; on the local AWS nothing does."""
    labels = estimate.processing.services.get("Rekognition", 0)
    each = " each" if estimate.photos > 1 else ""
    counted = f"{photos_text(estimate.photos)} of {estimate.megabytes:.2g} MB{each}"
    once, kept = usd(estimate.processing.total), usd(estimate.storing.total)
    here = "Nothing costs money here. " if local else ""
    alone = f"{here}On AWS the stack alone costs at most {usd(estimate.standing.total)} a month"
    processed = f"On AWS {counted} cost about {once} once, {usd(labels)} of it for Amazon Rekognition"
    return f"{alone} ({REGION}, list prices of {DATE}).", f"{processed}, and {kept} a month to keep."
