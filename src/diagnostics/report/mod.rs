//! Findings as files for other programs: [SARIF](sarif) for code hosts and editors, [JUnit](junit) for build servers.

mod base;
mod junit;
mod sarif;

pub use base::Base;
pub use junit::junit;
pub use sarif::sarif;
