"""Read by Python in each function process of the faulty local AWS: the SDK tries as often, but waits less."""

from typing import Any

from botocore.retries import standard

changed: Any = standard.ExponentialBackoff
changed.delay_amount = lambda _self, context: 0.01
