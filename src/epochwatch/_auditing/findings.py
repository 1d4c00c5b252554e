"""Names of what can be wrong with a feed, the worst first."""

ALWAYS_FINDINGS = ("restarts", "skips", "replays", "runs dry", "overruns")
INDEX_CONFLICTS = "index conflicts"
DISAGREES = "disagrees"
PASSED_OVER = "passed over"
FINDINGS = (*ALWAYS_FINDINGS, PASSED_OVER, INDEX_CONFLICTS, DISAGREES)
FAIL_ON = (*FINDINGS, "reshuffles", "never trained")
