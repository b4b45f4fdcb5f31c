//! Throttling policies.

/// A limit that the load never reaches; it is counted all the same.
pub(super) const AMPLE: &str = "Ample";

/// A limit that the first request uses up.
pub(super) const ONE_PER_YEAR: &str = "OnePerYear";

/// Returns `policies.yaml`.
pub(super) fn yaml() -> String {
    let policy = |name: &str, count: u64, unit: &str| {
        format!("  - {name}:\n      count: {count}\n      unitTime: 1\n      timeUnit: {unit}\n")
    };
    let ample = |name| policy(name, 1_000_000_000, "hour");
    [
        "resourcePolicies:\n",
        &ample(AMPLE),
        "applicationPolicies:\n",
        &ample(AMPLE),
        "subscriptionPolicies:\n",
        &ample(AMPLE),
        &policy(ONE_PER_YEAR, 1, "year"),
        // Callers of open APIs count under this one.
        &ample("Unauthenticated"),
        &ample("Default"),
    ]
    .concat()
}
