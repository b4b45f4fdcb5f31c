//! The requests of each scenario.

use super::issuer::{Issuer, application_in_turn};
use super::subscribers::OVER_QUOTA;
use super::{OPEN_API, SECURED_API, base_path, templates};
use crate::failure::Failure;
use crate::load::{Request, write_requests};
use crate::scenario::Scenario;
use std::path::{Path, PathBuf};

/// Distinct requests of a scenario; with tokens, as many distinct tokens.
const COUNT: usize = 1000;

/// Tokens of the subscriber that is over its quota.
const OVER_QUOTA_TOKENS: usize = 10;

/// The requests of a scenario, with the file that the load generators read.
#[derive(Debug)]
pub(crate) struct Traffic {
    pub scenario: Scenario,
    /// One of the requests, to look at the answer before the load starts.
    pub sample: Request,
    pub file: PathBuf,
}

impl Traffic {
    /// Makes the requests of every scenario; their files go to `folder`. `forger` signs like `issuer` but with a key
    /// that nobody trusts.
    pub(crate) fn create(folder: &Path, issuer: &Issuer, forger: &Issuer) -> Result<Vec<Self>, Failure> {
        let forged = forger.token(0, 0)?;
        let spent = (0..OVER_QUOTA_TOKENS)
            .map(|number| issuer.token(OVER_QUOTA, number))
            .collect::<Result<Vec<_>, _>>()?;
        let mut all = Vec::new();
        for scenario in Scenario::ALL {
            let api = if scenario == Scenario::Plain {
                OPEN_API
            } else {
                SECURED_API
            };
            let requests = (0..COUNT)
                .map(|number| {
                    let token = match scenario {
                        Scenario::Plain => None,
                        Scenario::FullPolicy => Some(issuer.token(application_in_turn(number), number)?),
                        Scenario::BadToken => Some(forged.clone()),
                        Scenario::OverQuota => spent.get(number % OVER_QUOTA_TOKENS).cloned(),
                    };
                    // 7 and 100 have no common divisor: over the list, every subscriber uses many templates.
                    let path = base_path(api) + &templates::path(number * 7 + number / 100, number);
                    Ok(Request { path, token })
                })
                .collect::<Result<Vec<_>, Failure>>()?;
            let file = folder.join(format!("{scenario:?}.requests"));
            write_requests(&file, &requests)?;
            all.extend(
                requests
                    .into_iter()
                    .next()
                    .map(|sample| Self { scenario, sample, file }),
            );
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::read_requests;
    use std::collections::HashSet;

    #[test]
    fn each_scenario_has_the_tokens_it_is_about() {
        let folder = tempfile::tempdir().unwrap();
        let issuer = Issuer::create(folder.path(), "issuer").unwrap();
        let all = Traffic::create(folder.path(), &issuer, &issuer).unwrap();
        let distinct_tokens: Vec<_> = all
            .iter()
            .map(|traffic| {
                let requests = read_requests(&traffic.file).unwrap();
                assert_eq!(requests.len(), COUNT);
                assert_eq!(requests[0], traffic.sample);
                let paths: HashSet<_> = requests.iter().map(|request| &request.path).collect();
                assert_eq!(paths.len(), COUNT);
                requests
                    .into_iter()
                    .filter_map(|request| request.token)
                    .collect::<HashSet<_>>()
                    .len()
            })
            .collect();
        assert_eq!(distinct_tokens, [0, 1000, 1, 10]);
    }
}
