//! What is printed: the document for programs, and the text for people.

use super::Secrets;
use crate::ui::visible;
use serde::Serialize;
use std::fmt::Write;

/// How a request ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outcome {
    /// A backend gets it.
    Backend,
    /// The gateway answers it, and refuses nothing.
    Answered,
    /// The gateway refuses it.
    Refused,
    /// It depends on what others say, who are not asked.
    Undecided,
}

/// The request.
#[derive(Debug, Serialize)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) target: String,
    /// `http` or `https`.
    pub(crate) listener: &'static str,
    /// `1.0`, `1.1` or `2`.
    pub(crate) http_version: &'static str,
    /// Whose request it is: the peer, or what trusted proxies say.
    pub(crate) client: Option<String>,
    /// RFC 3339.
    pub(crate) time: String,
}

/// The document. Its members do not change their meaning.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) request: Asked,
    pub(crate) outcome: Outcome,
    /// Digest of the bundle.
    pub(crate) bundle: String,
    pub(crate) api: Option<ToldApi>,
    pub(crate) resource: Option<ToldResource>,
    pub(crate) caller: Option<ToldCaller>,
    /// In the order in which they answer.
    pub(crate) limits: Vec<ToldLimit>,
    /// Decisions of the traffic manager that are looked for, in this order.
    pub(crate) decisions: Vec<ToldDecision>,
    pub(crate) backend: Option<ToldBackend>,
    pub(crate) answer: Option<ToldAnswer>,
    /// What the gateway would ask others.
    pub(crate) asks: Vec<String>,
    pub(crate) steps: Vec<Step>,
    /// What a running gateway may know besides.
    pub(crate) notes: Vec<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct ToldApi {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) base_path: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct ToldResource {
    pub(crate) method: &'static str,
    pub(crate) template: String,
}

/// Whom the credential is about; the application where they may call.
#[derive(Debug, Serialize)]
pub(crate) struct ToldCaller {
    pub(crate) credential: &'static str,
    pub(crate) user: String,
    pub(crate) issuer: Option<String>,
    pub(crate) consumer_key: Option<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) application: Option<ToldApplication>,
}

#[derive(Debug, Serialize)]
pub(crate) struct ToldApplication {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) owner: String,
    pub(crate) key_type: &'static str,
    pub(crate) application_policy: String,
    pub(crate) subscription_policy: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct ToldLimit {
    /// `api`, `resource`, `subscription`, `application` or `custom`.
    pub(crate) level: &'static str,
    pub(crate) policy: Option<String>,
    /// `requests`, `burst` or `bytes`; `null`: nobody has defined the policy.
    pub(crate) what: Option<&'static str>,
    pub(crate) count: Option<u64>,
    pub(crate) window_ms: Option<u64>,
    /// Whether what is over the limit is refused.
    pub(crate) stops: bool,
    pub(crate) place: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct ToldDecision {
    /// `api`, `resource`, `subscription`, `application` or `custom`.
    pub(crate) level: &'static str,
    /// `null`: the traffic manager alone knows it.
    pub(crate) policy: Option<String>,
    /// What the traffic manager counts by.
    pub(crate) key: String,
    /// Whether what is over the limit is refused.
    pub(crate) stops: bool,
}

#[derive(Debug, Serialize)]
pub(crate) struct ToldBackend {
    pub(crate) url: String,
    pub(crate) host: String,
    pub(crate) method: String,
    pub(crate) key_type: &'static str,
    pub(crate) web_socket: bool,
    /// The first of several: each gateway begins its rounds for itself.
    pub(crate) others: usize,
    /// Discovery finds where it is; the URL is the definition's.
    pub(crate) discovered: bool,
    /// How the gateway shows who it is: `basic`, `api-key`, `digest` or `oauth2`.
    pub(crate) credentials: Option<&'static str>,
    pub(crate) headers: Vec<ToldHeader>,
    /// Names of the client's headers that do not get there.
    pub(crate) removed: Vec<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct ToldHeader {
    pub(crate) name: String,
    /// `***` for secrets.
    pub(crate) value: String,
    /// Whether the gateway made it.
    pub(crate) added: bool,
}

/// What the client gets of the gateway itself.
#[derive(Debug, Serialize)]
pub(crate) struct ToldAnswer {
    pub(crate) status: u16,
    /// The code of the body, such as 900902.
    pub(crate) code: Option<u32>,
    pub(crate) message: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    pub(crate) reason: Option<String>,
    pub(crate) remedy: Option<String>,
}

/// What one phase decided.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Step {
    /// As in access logs and on the page about phases.
    pub(crate) phase: &'static str,
    pub(crate) outcome: StepOutcome,
    pub(crate) text: String,
    /// Where that is said: `file:line:column`, a file, or an entry of the bundle.
    pub(crate) places: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum StepOutcome {
    /// It goes on.
    Passed,
    /// The gateway answers, and refuses nothing.
    Answered,
    Refused,
    /// Others would be asked.
    Asks,
}

impl Report {
    /// The document without secrets.
    pub(crate) fn to_json(&self, secrets: &Secrets) -> serde_json::Value {
        let mut document = serde_json::to_value(self).unwrap_or_default();
        secrets.out_of_json(&mut document);
        document
    }

    /// The text without secrets, and without what would move a terminal's cursor.
    pub(crate) fn to_text(&self, secrets: &Secrets) -> String {
        let mut text = String::new();
        self.write(&mut text);
        let clean = secrets.out_of(text.trim_end());
        let lines: Vec<String> = clean.lines().map(|line| visible(line).to_string()).collect();
        lines.join("\n")
    }

    /// Writing to a `String` cannot fail.
    fn write(&self, text: &mut String) {
        let Asked {
            method,
            target,
            listener,
            http_version,
            ..
        } = &self.request;
        let version = match *http_version {
            "1.1" => String::new(),
            other => format!(", HTTP/{other}"),
        };
        let _ = writeln!(text, "{method} {target}  ({listener} listener{version})\n");
        for step in &self.steps {
            let mark = match step.outcome {
                StepOutcome::Passed => "ok",
                StepOutcome::Answered => "end",
                StepOutcome::Refused => "no",
                StepOutcome::Asks => "?",
            };
            let mut lines = step.text.lines();
            let _ = writeln!(text, "{mark:<4}{:<11}{}", step.phase, lines.next().unwrap_or_default());
            for line in lines {
                let _ = writeln!(text, "{:15}{line}", "");
            }
            for place in &step.places {
                let _ = writeln!(text, "{:15}at {place}", "");
            }
        }
        text.push('\n');
        match self.outcome {
            Outcome::Backend => self.write_backend(text),
            Outcome::Answered | Outcome::Refused => self.write_answer(text),
            Outcome::Undecided => {
                let _ = writeln!(text, "Undecided: the gateway would ask {}.", self.asks.join(", then "));
            }
        }
        for note in &self.notes {
            let _ = writeln!(text, "Note: {note}");
        }
    }

    fn write_backend(&self, text: &mut String) {
        let Some(backend) = &self.backend else { return };
        let what = if backend.web_socket {
            "WebSocket"
        } else {
            backend.method.as_str()
        };
        let _ = writeln!(text, "Reaches the backend: {what} {}", backend.url);
        let _ = writeln!(text, "  host: {}", backend.host);
        for header in &backend.headers {
            let added = if header.added { "  (from the gateway)" } else { "" };
            let _ = writeln!(text, "  {}: {}{added}", header.name, header.value);
        }
        if !backend.removed.is_empty() {
            let _ = writeln!(text, "  removed: {}", backend.removed.join(", "));
        }
    }

    fn write_answer(&self, text: &mut String) {
        let Some(answer) = &self.answer else {
            let _ = writeln!(
                text,
                "Refused in the TLS handshake: there is no request, and no answer."
            );
            return;
        };
        let verb = match self.outcome {
            Outcome::Refused => "Refused with",
            _ => "Answered with",
        };
        let code = answer.code.map_or_else(String::new, |code| format!(", code {code}"));
        // Whoever calls by gRPC sees this status; that of HTTP is 200 whatever happened.
        let grpc = answer.headers.iter().find(|(name, _)| name == "grpc-status");
        let _ = match grpc {
            Some((_, status)) => writeln!(text, "{verb} grpc-status {status} (HTTP {}){code}", answer.status),
            None => writeln!(text, "{verb} {}{code}", answer.status),
        };
        if let Some(reason) = &answer.reason {
            let _ = writeln!(text, "  reason: {reason}");
        }
        if let Some(remedy) = &answer.remedy {
            let _ = writeln!(text, "  remedy: {remedy}");
        }
        if !answer.body.is_empty() {
            let _ = writeln!(text, "  body:   {}", answer.body.trim_end());
        }
    }
}
