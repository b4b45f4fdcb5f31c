//! Entry point of the fuzz targets into the reader of plans.

use super::Plan;

/// Reads a plan. What is good is written as what is read again.
pub fn plan_file(bytes: &[u8]) -> String {
    match Plan::read(bytes, None) {
        Ok(plan) => {
            let written = plan.to_bytes().expect("a plan is JSON");
            assert_eq!(Plan::read(&written, None).expect("it was written just now"), plan);
            String::new()
        }
        Err(error) => {
            use std::error::Error;
            format!("{error}: {:?}", error.source().map(ToString::to_string))
        }
    }
}
