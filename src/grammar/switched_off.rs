//! Keywords that a test run leaves out, to see whether some test misses them.

/// Whether a test run without some keywords (`HAPAX_TEST_WITHOUT=retries,option httpchk`) leaves
/// this one out. Always false in release builds.
pub fn switched_off(table: &str, name: &str) -> bool {
    if !cfg!(debug_assertions) {
        return false;
    }
    let Ok(list) = std::env::var("HAPAX_TEST_WITHOUT") else {
        return false;
    };
    list.split(',').any(|entry| {
        let entry = entry.trim();
        entry == name
            || entry
                .strip_prefix(table)
                .and_then(|rest| rest.strip_prefix(':'))
                .is_some_and(|rest| rest == name)
    })
}
