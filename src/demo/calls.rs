//! The calls that show what the gateway does: with a token, without, over quota; readiness and metrics.

use super::world::World;
use crate::commands::run::reachable;
use crate::exit::ExitCode;
use crate::failure::Failure;
use mgw_runtime::RunningGateway;
use serde::Serialize;
use std::time::Duration;

/// The operation that is called.
const PATH: &str = "/orders/1.0.0/orders";

/// An application with a generous policy.
const APPLICATION: &str = "Till";

/// An application whose policy admits five requests per minute.
const LIMITED_APPLICATION: &str = "Kiosk";

/// Two windows' worth and one more: over quota wherever in a window the first call falls.
const CALLS_OVER_QUOTA: usize = 11;

/// What is called, with which tokens.
pub(super) struct Calls<'a> {
    pub(super) gateway: String,
    pub(super) admin: String,
    pub(super) token: String,
    pub(super) limited_token: String,
    world: &'a World,
}

/// A call and how it was answered.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    pub(super) call: &'static str,
    pub(super) expected: u16,
    pub(super) status: u16,
}

impl<'a> Calls<'a> {
    pub(super) fn new(gateway: &RunningGateway, world: &'a World) -> Result<Self, Failure> {
        let addresses = gateway.addresses();
        let missing = || Failure::new(ExitCode::Internal, "the gateway has no listener");
        Ok(Self {
            gateway: reachable("http", addresses.http.ok_or_else(missing)?),
            admin: reachable("http", addresses.admin.ok_or_else(missing)?),
            token: world.token(APPLICATION)?,
            limited_token: world.token(LIMITED_APPLICATION)?,
            world,
        })
    }

    /// The address of the operation.
    pub(super) fn url(&self) -> String {
        format!("{}{PATH}", self.gateway)
    }

    /// Makes the calls.
    ///
    /// # Errors
    ///
    /// When the gateway does not answer at all.
    pub(super) async fn make(&self) -> Result<Vec<Answer>, Failure> {
        let client = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(30))
            .build()
            .map_err(unanswered)?;
        let url = self.url();
        let get = async |url: &str, token: Option<&str>| -> Result<u16, Failure> {
            let mut request = client.get(url);
            if let Some(token) = token {
                request = request.bearer_auth(token);
            }
            Ok(request.send().await.map_err(unanswered)?.status().as_u16())
        };
        let before = self.world.backend_requests();
        let mut answers = vec![
            Answer {
                call: "with a token",
                expected: 200,
                status: get(&url, Some(&self.token)).await?,
            },
            Answer {
                call: "without a token",
                expected: 401,
                status: get(&url, None).await?,
            },
        ];
        let mut over_quota = 0;
        for _ in 0..CALLS_OVER_QUOTA {
            over_quota = get(&url, Some(&self.limited_token)).await?;
        }
        answers.push(Answer {
            call: "over quota",
            expected: 429,
            status: over_quota,
        });
        for (call, path) in [("ready", "/ready"), ("metrics", "/metrics")] {
            answers.push(Answer {
                call,
                expected: 200,
                status: get(&format!("{}{path}", self.admin), None).await?,
            });
        }
        if self.world.backend_requests() == before {
            return Err(Failure::new(ExitCode::Internal, "no call reached the backend"));
        }
        Ok(answers)
    }
}

fn unanswered(error: reqwest::Error) -> Failure {
    Failure::new(ExitCode::Internal, "the gateway did not answer").because(error)
}
