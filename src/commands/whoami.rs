//! `mgw whoami`

use super::credentials::SessionArgs;
use crate::cloud::CloudError;
use crate::cloud::generation::missing_scopes;
use crate::cloud::session::{Method, Profile, Session, SessionStore};
use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::project::ControlPlaneKind;
use crate::ui::{table, visible};
use jiff::Timestamp;
use serde::Serialize;

/// Arguments of `mgw whoami`.
#[derive(Debug, clap::Args)]
pub struct WhoamiArgs {
    /// Which session.
    #[command(flatten)]
    pub session: SessionArgs,
    /// List every session
    #[arg(long, conflicts_with = "profile")]
    pub all: bool,
}

/// The result with `--output json`.
#[derive(Debug, Serialize)]
struct WhoamiResult {
    profile: String,
    user: String,
    organisation: String,
    control_plane: String,
    kind: ControlPlaneKind,
    generation: &'static str,
    /// Generations that the control plane may be of as well.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    possible_kinds: Vec<ControlPlaneKind>,
    method: Method,
    scopes: Vec<String>,
    missing_scopes: Vec<&'static str>,
    expires: String,
    expired: bool,
    renewable: bool,
    headers: Vec<String>,
    /// What `pull` takes where nothing else is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
}

/// The result of `--all` with `--output json`.
#[derive(Debug, Serialize)]
struct WhoamiResults {
    sessions: Vec<WhoamiResult>,
    /// Profiles whose session file cannot be used, and why.
    unusable: Vec<Unusable>,
}

#[derive(Debug, Serialize)]
struct Unusable {
    profile: String,
    problem: String,
}

/// Tells who is signed in, from the session files alone.
pub fn run(args: WhoamiArgs, context: &Context) -> Result<ExitCode, Failure> {
    if args.all {
        return all(context);
    }
    let store = args.session.store(&context.environment)?;
    let session = store.load()?.ok_or_else(|| CloudError::NotSignedIn {
        profile: store.profile().to_string(),
    })?;
    let result = describe(&session, store.profile());
    context.ui.result(text(&session, &result), &result);
    Ok(ExitCode::Success)
}

fn all(context: &Context) -> Result<ExitCode, Failure> {
    let config_dir = context.environment.config_dir()?;
    let (mut sessions, mut unusable, mut rows) = (Vec::new(), Vec::new(), Vec::new());
    for profile in SessionStore::profiles(&config_dir)? {
        match SessionStore::new(&config_dir, profile.clone()).load() {
            Ok(Some(session)) => {
                let result = describe(&session, &profile);
                rows.push([
                    result.profile.clone(),
                    result.user.clone(),
                    result.control_plane.clone(),
                    token_state(&result),
                ]);
                sessions.push(result);
            }
            Ok(None) => {}
            Err(error) => {
                context.ui.warn(&error);
                unusable.push(Unusable {
                    profile: profile.to_string(),
                    problem: error.to_string(),
                });
            }
        }
    }
    if rows.is_empty() && unusable.is_empty() {
        context.ui.line("Nobody is signed in.");
    }
    context
        .ui
        .result(table(rows, [false; 4]), &WhoamiResults { sessions, unusable });
    Ok(ExitCode::Success)
}

fn describe(session: &Session, profile: &Profile) -> WhoamiResult {
    // A token that does not tell its scopes may have all of them.
    let missing = match session.scopes.is_empty() {
        true => Vec::new(),
        false => missing_scopes(&session.generation().wanted_scopes(), &session.scopes),
    };
    WhoamiResult {
        profile: profile.to_string(),
        user: session.user.to_string(),
        organisation: session.user.tenant().to_owned(),
        control_plane: session.address.to_string(),
        kind: session.kind,
        generation: session.generation().title,
        possible_kinds: session.possible_kinds().to_vec(),
        method: session.method,
        scopes: session.scopes.clone(),
        missing_scopes: missing,
        expires: session.end(),
        expired: session.expires <= Timestamp::now(),
        renewable: session.is_renewable(),
        headers: session.headers.iter().map(|(name, _)| name.to_owned()).collect(),
        label: session.gateway.as_ref().and_then(|gateway| gateway.label.clone()),
    }
}

fn token_state(result: &WhoamiResult) -> String {
    match (result.expired, result.renewable) {
        (false, _) => format!("until {}", result.expires),
        (true, true) => "ended, renewed on next use".to_owned(),
        (true, false) => "ended; mgw login gets another".to_owned(),
    }
}

fn text(session: &Session, result: &WhoamiResult) -> String {
    let scopes = match session.scopes.is_empty() {
        true => "the token does not tell".to_owned(),
        false => session.scopes.join(" "),
    };
    let mut text = format!(
        "User           {}\nOrganisation   {}\nControl plane  {} ({})\nProfile        {}\nSigned in by   {}\n\
         Token          {}\nScopes         {scopes}",
        result.user,
        result.organisation,
        result.control_plane,
        session.generation().title,
        result.profile,
        session.method.title(),
        token_state(result),
    );
    if let Some(doubt) = &session.doubt {
        text.push_str("\nKind           ");
        text.push_str(&visible(&doubt.sentence()));
        text.push_str("; mgw login --kind settles it");
    }
    if !result.missing_scopes.is_empty() {
        text.push_str("\nNot granted    ");
        text.push_str(&result.missing_scopes.join(" "));
    }
    if let Some(label) = &result.label {
        text.push_str("\nLabel          ");
        text.push_str(&visible(label));
    }
    if !result.headers.is_empty() {
        text.push_str("\nHeaders        ");
        text.push_str(&result.headers.join(", "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::address::Address;
    use crate::cloud::detection::Doubt;

    #[test]
    fn what_was_uncertain_at_sign_in_is_told_later() {
        let folder = tempfile::tempdir().unwrap();
        let store = SessionStore::new(folder.path(), "work".parse().unwrap());
        let certain = Session {
            kind: ControlPlaneKind::Apim32,
            ..Session::for_tests(Address::parse("https://apim.example").unwrap())
        };
        let uncertain = Session {
            doubt: Some(Doubt {
                reason: "it cannot be seen".to_owned(),
                others: vec![ControlPlaneKind::Apim31],
            }),
            expires: "2026-03-01T12:00:00.123456789Z".parse().unwrap(),
            ..certain.clone()
        };
        let told = |session: &Session| {
            store.save(session).unwrap();
            let kept = store.load().unwrap().unwrap();
            let result = describe(&kept, store.profile());
            (text(&kept, &result), serde_json::to_value(&result).unwrap())
        };
        let (text, document) = told(&uncertain);
        let line = "Kind           may be API Manager 3.1: it cannot be seen; mgw login --kind settles it";
        assert!(text.lines().any(|found| found == line), "{text}");
        assert_eq!(document["expires"], "2026-03-01T12:00:00Z");
        assert_eq!(document["possible_kinds"], serde_json::json!(["apim-3.1"]));
        let (text, document) = told(&certain);
        assert!(!text.contains("Kind "), "{text}");
        assert!(document.get("possible_kinds").is_none());
    }
}
