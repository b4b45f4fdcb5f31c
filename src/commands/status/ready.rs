//! Whether a gateway takes traffic, for those who look after containers.

use super::gateway::WHERE;
use crate::admin::{AdminArgs, AdminClient};
use crate::commands::interrupt::interruptible;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Where a gateway's admin listener is where nobody says it.
const DEFAULT: &str = "http://localhost:9797";

#[derive(Debug, Deserialize, Serialize)]
struct Ready {
    ready: bool,
    #[serde(default)]
    reasons: Vec<Value>,
    project: String,
    bundle: String,
}

/// Asks the gateway alone; no project is needed.
pub(super) fn run(url: Option<&str>, context: &Context) -> Result<ExitCode, Failure> {
    let url = url
        .or_else(|| context.environment.get("MGW_ADMIN_URL"))
        .unwrap_or(DEFAULT);
    let client = AdminClient::new(&AdminArgs { url: url.to_owned() }, &context.ui)?;
    let ready: Ready = context.block_on(interruptible(async {
        client.get_in_any_state("/ready").await.map_err(|error| {
            let failure = Failure::from(error);
            failure.hint(WHERE)
        })
    }))?;
    let text = match ready.ready {
        true => format!("ready, serves {} of {}", ready.bundle, ready.project),
        false => format!("not ready: {}", reasons(&ready.reasons)),
    };
    context.ui.result(crate::ui::visible(&text), &ready);
    Ok(match ready.ready {
        true => ExitCode::Success,
        false => ExitCode::ControlPlane,
    })
}

fn reasons(reasons: &[Value]) -> String {
    let texts: Vec<String> = reasons
        .iter()
        .map(|reason| reason.as_str().map_or_else(|| reason.to_string(), str::to_owned))
        .collect();
    texts.join(", ")
}
