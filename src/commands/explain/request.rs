//! `mgw explain request`

use crate::commands::run::{data_dir, key_and_value};
use crate::compile::ProjectPlaces;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::explain::{Asked, Outcome, Secrets, Told};
use crate::failure::{Failure, not_started};
use crate::serve::{BundleSource, GatewaySettings, load_settings, trust_local_issuer};
use crate::signing::TrustedKeys;
use crate::whole_file::{read_public, refuse_unfit};
use mgw_bundle::GatewayConfig;
use mgw_bundle::config::{ApiKeyLocation, Scheme};
use mgw_runtime::StartError;
use mgw_runtime::config::{Places, RuntimeConfig};
use mgw_runtime::explain::{AskedError, AskedRequest, Explainer};
use std::borrow::Cow;
use std::io::Read;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

/// An access token that is in no process list and no history of a shell.
const TOKEN: &str = "MGW_TEST_TOKEN";
/// Longest token that is read, with the line break behind it.
const MAX_TOKEN: u64 = 1 << 20;
/// Longest body of which the length is counted; no gateway takes more.
const MAX_BODY: u64 = 1 << 40;
/// Longest chain of certificates that is read.
const MAX_CERTIFICATES: u64 = 1 << 20;

/// Arguments of `mgw explain request`.
#[derive(Debug, clap::Args)]
pub struct ExplainRequestArgs {
    /// Method, such as GET.
    #[arg(value_name = "METHOD")]
    pub method: String,
    /// Path with base path and query as a client sends it, or a URL, which also says the listener and Host; or `*`, or
    /// `host:port` of CONNECT.
    #[arg(value_name = "PATH|URL")]
    pub target: String,
    /// Project folder, which is compiled first, or bundle file.
    #[arg(long, value_name = "DIR|BUNDLE", default_value = ".")]
    pub project: PathBuf,
    /// Access token; whoever sees the process list sees it. Better in MGW_TEST_TOKEN, or see --token-file.
    #[arg(long, value_name = "TOKEN", hide_env_values = true, conflicts_with = "token_file")]
    pub token: Option<String>,
    /// File with the access token; -: standard input.
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Header, as `Name: value` (repeatable).
    #[arg(long = "header", short = 'H', value_name = "NAME: VALUE", value_parser = name_and_value)]
    pub headers: Vec<(String, String)>,
    /// It carries a body: this text, the contents of the file behind a `@`, or standard input for `@-`. Only its length plays a part.
    #[arg(long, short = 'd', value_name = "TEXT|@FILE")]
    pub data: Option<String>,
    /// It comes over HTTP/2, as calls of gRPC do.
    #[arg(long)]
    pub http2: bool,
    /// It comes over HTTP/1.0.
    #[arg(long = "http1.0", conflicts_with = "http2")]
    pub http1_0: bool,
    /// The whole URL is sent in the place of the path, as clients do that take the gateway for a proxy.
    #[arg(long, conflicts_with = "http2")]
    pub absolute_form: bool,
    /// It has no Host.
    #[arg(long, conflicts_with = "http2")]
    pub no_host: bool,
    /// Certificate that the client shows in the TLS handshake, PEM, with its issuers behind it.
    #[arg(long, value_name = "FILE", conflicts_with = "plain")]
    pub client_cert: Option<PathBuf>,
    /// Gateway settings in the format of micro-gw.conf [default: conf/micro-gw.conf of MGW_CONF_DIR or the project]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Override a setting, such as listenerConfig.maxUriLength=100 (repeatable).
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_and_value)]
    pub sets: Vec<(String, String)>,
    /// Answer as another gateway did where mgw differs.
    #[arg(long, value_name = "GATEWAY", value_parser = ["micro-gw-3.2"])]
    pub compat: Option<String>,
    /// Trust the tokens of `mgw token`, as `mgw run --local-issuer` does.
    #[arg(long)]
    pub local_issuer: bool,
    /// Where the gateway keeps what it makes itself: blocks of operators and keys that issuers published are read from there
    /// [default: in the user's configuration]
    #[arg(long, value_name = "DIR", env = "MGW_DATA_DIR")]
    pub data_dir: Option<PathBuf>,
    /// When the request comes, such as 2026-11-30T08:00:00Z [default: now]
    #[arg(long, value_name = "TIME")]
    pub at: Option<jiff::Timestamp>,
    /// Address that the request comes from.
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    pub client_ip: IpAddr,
    /// It comes to the TLS listener.
    #[arg(long, conflicts_with = "plain")]
    pub tls: bool,
    /// It comes to the plain listener, which is the default where there is one.
    #[arg(long)]
    pub plain: bool,
    /// End with 20 when the request is refused, and with 8 when others would have to be asked.
    #[arg(long)]
    pub exit_code: bool,
}

fn name_and_value(text: &str) -> Result<(String, String), String> {
    // The text is not repeated: it may be a secret.
    match text.split_once(':') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().to_owned(), value.trim().to_owned())),
        _ => Err("expected `NAME: VALUE`".to_owned()),
    }
}

/// What the target says.
#[derive(Debug, PartialEq, Eq)]
struct Target<'a> {
    /// `None`: it is no URL.
    scheme: Option<&'a str>,
    /// Path and query; what stands there where there is no path.
    path: Cow<'a, str>,
    host: Option<&'a str>,
}

impl<'a> Target<'a> {
    /// Takes a URL apart and changes nothing in its path: how a path is written may be what matters.
    fn parse(text: &'a str, is_connect: bool) -> Self {
        let is_scheme = |scheme: &str| !scheme.is_empty() && scheme.chars().all(|c| c.is_ascii_alphanumeric());
        let Some((scheme, rest)) = text.split_once("://").filter(|(scheme, _)| is_scheme(scheme)) else {
            // CONNECT names a host, and its `Host` is the same.
            let names_host = is_connect && !text.starts_with(['/', '*']);
            return Self {
                scheme: None,
                path: Cow::Borrowed(text),
                host: names_host.then(|| without_user(text)),
            };
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        Self {
            path: match path.starts_with('/') {
                true => Cow::Borrowed(path),
                false => Cow::Owned(format!("/{path}")),
            },
            host: Some(without_user(authority)),
            scheme: Some(scheme),
        }
    }

    /// The listener that a URL says.
    fn tls(&self) -> Option<bool> {
        let scheme = self.scheme?;
        let is = |known: &str| scheme.eq_ignore_ascii_case(known);
        (is("http") || is("https")).then(|| is("https"))
    }
}

fn without_user(authority: &str) -> &str {
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}

/// What the APIs call the headers and query parameters in which they want credentials.
#[derive(Debug, Default)]
struct CredentialNames {
    headers: Vec<String>,
    parameters: Vec<String>,
}

impl CredentialNames {
    fn of(config: &GatewayConfig) -> Self {
        let mut names = Self::default();
        for api in &config.apis {
            names.headers.extend(api.auth_header.clone());
            let requirements = api
                .resources
                .iter()
                .flat_map(|resource| &resource.security.alternatives);
            for scheme in requirements.flat_map(|requirement| &requirement.schemes) {
                if let Scheme::ApiKey { location, name } = scheme {
                    match location {
                        ApiKeyLocation::Header => names.headers.push(name.clone()),
                        ApiKeyLocation::Query => names.parameters.push(name.clone()),
                    }
                }
            }
        }
        for list in [&mut names.headers, &mut names.parameters] {
            list.sort();
            list.dedup();
        }
        names
    }
}

/// Says what would become of a request, and why.
pub fn run(args: ExplainRequestArgs, context: &Context) -> Result<ExitCode, Failure> {
    let source = BundleSource::at(&args.project);
    let settings = settings(&args, &source, context)?;
    let bundle = source.load(&TrustedKeys::none(), &context.ui)?;
    let target = Target::parse(&args.target, args.method == "CONNECT");
    match (args.absolute_form, target.scheme) {
        (true, None) => {
            let hint = "Write the URL as the client does, such as http://localhost:9090/shop/items.";
            return Err(
                Failure::new(ExitCode::Usage, "--absolute-form wants a URL in the place of the path").hint(hint),
            );
        }
        (false, Some(scheme)) if target.tls().is_none() => {
            let hint = "Begin the URL with http: or https:; with --absolute-form it is sent as it is.";
            return Err(Failure::new(ExitCode::Usage, format!("no listener takes `{scheme}:`")).hint(hint));
        }
        _ => {}
    }
    let is_tls = is_tls(&args, &target, &settings)?;
    let mut secrets = Secrets::default();
    let names = CredentialNames::of(&bundle.config);
    let request = asked(&args, &target, is_tls, &settings, &names, &mut secrets, context)?;
    let at_ms = args.at.map(|at| u64::try_from(at.as_millisecond()));
    let at_ms = at_ms
        .transpose()
        .map_err(|_| Failure::new(ExitCode::Usage, "--at is before 1970").hint("No token was valid then."))?;
    let places = settings.places.clone();
    let prepare = match carries_credentials(&args, &request, is_tls, &settings, &names, context) {
        true => Explainer::new,
        false => Explainer::without_keys,
    };
    let data_dir = data_dir(args.data_dir, context)?;
    let explainer = prepare(&bundle, settings.clone(), &data_dir, at_ms).map_err(|error| unprepared(error, &places))?;
    if args.http2 && !settings.listener.http2 {
        let hint = "Switch it on with `http2.enable` of the settings.";
        return Err(Failure::new(ExitCode::Usage, "the gateway speaks no HTTP/2").hint(hint));
    }
    let explanation = explainer
        .explain(&request)
        .map_err(|error| Failure::new(ExitCode::Internal, "the request could not be explained").because(error))?;
    let project = match &source {
        BundleSource::Project(layout) => Some(ProjectPlaces::new(layout.clone())),
        BundleSource::File(_) => None,
    };
    let time = args.at.unwrap_or_else(jiff::Timestamp::now);
    let told = Told {
        explanation: &explanation,
        bundle: &bundle,
        settings: &settings,
        places: project.as_ref(),
        is_tls,
        method: &args.method,
        target: &target.path,
        lacking: explainer.lacking(),
    };
    let report = told.report(Asked {
        method: args.method.clone(),
        target: request.shown(&names.parameters),
        listener: if is_tls { "https" } else { "http" },
        http_version: match (args.http2, args.http1_0) {
            (true, _) => "2",
            (false, true) => "1.0",
            (false, false) => "1.1",
        },
        client: None,
        time: time.to_string(),
    });
    context.ui.result(report.to_text(&secrets), &report.to_json(&secrets));
    Ok(match (report.outcome, args.exit_code) {
        (Outcome::Refused, true) => ExitCode::Changes,
        (Outcome::Undecided, true) => ExitCode::Partial,
        _ => ExitCode::Success,
    })
}

/// Whether keys may play a part: with credentials, and over TLS, where certificates and the gateway's own services are.
fn carries_credentials(
    args: &ExplainRequestArgs,
    request: &AskedRequest,
    is_tls: bool,
    settings: &RuntimeConfig,
    names: &CredentialNames,
    context: &Context,
) -> bool {
    let of_settings = [
        Some(&settings.authentication.header),
        settings.mutual_tls.certificate_header.as_ref(),
    ];
    let is_credential = |name: &str| {
        let of_settings = of_settings.iter().flatten().map(|header| header.as_str());
        let mut known = names.headers.iter().map(String::as_str).chain(of_settings);
        AskedRequest::is_secret_header(name) || known.any(|known| known.eq_ignore_ascii_case(name))
    };
    let has_token = args.token.is_some() || args.token_file.is_some() || context.environment.get(TOKEN).is_some();
    is_tls
        || has_token
        || args.headers.iter().any(|(name, _)| is_credential(name))
        || !request.target_secrets(&names.parameters).is_empty()
}

/// Decisions are explained by a gateway, which needs its files for them.
fn unprepared(error: StartError, places: &Places) -> Failure {
    not_started(error, places).hint(
        "An explanation reads the files that decisions are taken by, as the gateway does: keys for credentials and over TLS, but \
         nothing that connections to others need; \
         --config and --set give other settings.",
    )
}

/// The settings that `mgw run` would have.
fn settings(args: &ExplainRequestArgs, source: &BundleSource, context: &Context) -> Result<RuntimeConfig, Failure> {
    let from_environment = context
        .environment
        .get("MGW_CONF_DIR")
        .map(|folder| PathBuf::from(folder).join("micro-gw.conf"));
    let mut settings = GatewaySettings {
        file: args
            .config
            .clone()
            .or(from_environment)
            .or_else(|| source.runtime_config()),
        sets: args.sets.clone(),
    };
    if let Some(compat) = &args.compat {
        settings.sets.push(("compat".to_owned(), compat.clone()));
    }
    let mut config = load_settings(&settings, &context.environment, &context.ui)?;
    if args.local_issuer {
        trust_local_issuer(&mut config, &context.environment.config_dir()?)?;
    }
    Ok(config)
}

/// The listener that the request comes to, which has to be there.
fn is_tls(args: &ExplainRequestArgs, target: &Target<'_>, settings: &RuntimeConfig) -> Result<bool, Failure> {
    let listener = &settings.listener;
    if args.client_cert.is_some() && target.tls() == Some(false) {
        return Err(
            Failure::new(ExitCode::Usage, "--client-cert is for the TLS listener").hint("Write `https:` in the URL.")
        );
    }
    let asked = match (args.tls || args.client_cert.is_some(), args.plain) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        (false, false) => target.tls(),
    };
    let is_tls = asked.unwrap_or(listener.http_port.is_none());
    let (name, port, other, key) = match is_tls {
        true => ("TLS", listener.https_port, "--plain", "listenerConfig.httpsEnabled"),
        false => ("plain", listener.http_port, "--tls", "listenerConfig.httpEnabled"),
    };
    match port {
        Some(_) => Ok(is_tls),
        None => Err(
            Failure::new(ExitCode::Usage, format!("the gateway has no {name} listener"))
                .hint(format!("Use {other}, or switch it on with `{key}` of the settings.")),
        ),
    }
}

/// The request, with what it carries noted as secret where it is.
fn asked(
    args: &ExplainRequestArgs,
    target: &Target<'_>,
    is_tls: bool,
    settings: &RuntimeConfig,
    names: &CredentialNames,
    secrets: &mut Secrets,
    context: &Context,
) -> Result<AskedRequest, Failure> {
    let sent = if args.absolute_form {
        &args.target
    } else {
        &*target.path
    };
    let mut request = AskedRequest::new(&args.method, sent, is_tls, args.client_ip).map_err(wrong)?;
    for (name, value) in &args.headers {
        request.header(name, value).map_err(wrong)?;
        let is_named = names.headers.iter().any(|secret| secret.eq_ignore_ascii_case(name));
        if is_named || AskedRequest::is_secret_header(name) {
            secrets.add(value);
        }
    }
    for secret in request.target_secrets(&names.parameters) {
        secrets.add(&secret);
    }
    if args.no_host && request.has_header("host") {
        let failure = Failure::new(ExitCode::Usage, "--no-host and a header `Host` contradict each other");
        return Err(failure.hint("Leave one of them out."));
    }
    if !args.no_host && !request.has_header("host") {
        request
            .header("host", target.host.unwrap_or("localhost"))
            .map_err(wrong)?;
    }
    if let Some(token) = token(args, context)? {
        secrets.add(&token);
        let value = format!("Bearer {token}");
        let header = settings.authentication.header.as_str();
        request.header(header, &value).map_err(|_| {
            Failure::new(ExitCode::Usage, "the token has a character that no header can carry")
                .hint("A token is one line of letters, digits and a few signs.")
        })?;
    }
    if let Some(data) = &args.data {
        request.carry(length(data)?);
    }
    if args.http2 {
        request.over_http2().map_err(wrong)?;
    } else if args.http1_0 {
        request.over_http10();
    }
    if let Some(path) = &args.client_cert {
        let failed = |error| Failure::file("read", path, error);
        let pem = read_public(path, MAX_CERTIFICATES).map_err(failed)?;
        request.show(&pem).map_err(|error| {
            let message = format!("{} is not used: {error}", path.display());
            Failure::new(ExitCode::Usage, message).hint("Name a PEM file that begins with the client's certificate.")
        })?;
    }
    Ok(request)
}

/// How many bytes a body has; it is not kept.
fn length(data: &str) -> Result<u64, Failure> {
    let counted = |from: &mut dyn Read, path: &Path| {
        std::io::copy(&mut from.take(MAX_BODY), &mut std::io::sink())
            .map_err(|error| Failure::file("read", path, error))
    };
    match data.strip_prefix('@') {
        None => Ok(data.len() as u64),
        Some("-") => counted(&mut std::io::stdin().lock(), Path::new("standard input")),
        Some(path) => {
            let path = Path::new(path);
            let failed = |error| Failure::file("read", path, error);
            refuse_unfit(path).map_err(failed)?;
            Ok(std::fs::metadata(path).map_err(failed)?.len())
        }
    }
}

fn wrong(error: AskedError) -> Failure {
    let hint = match error {
        AskedError::Target(_) => {
            "Encode a blank as %20; a path begins with the base path of an API. Besides paths there are URLs, `*`, and `host:port` of \
             the method CONNECT."
        }
        AskedError::Method(_) => "Methods are words such as GET and POST.",
        AskedError::HeaderName(_) | AskedError::HeaderValue(_) => "Write --header 'Name: value'.",
        AskedError::Http2Length => "Leave the header out, and the body where there can be none.",
        AskedError::Http2 => "Leave --http2 out, or ask about a path and a host that a URL can have.",
        AskedError::Certificate => "Name a PEM file.",
    };
    Failure::new(ExitCode::Usage, error.to_string()).hint(hint)
}

/// The access token: of the flag, a file, standard input or the environment.
fn token(args: &ExplainRequestArgs, context: &Context) -> Result<Option<String>, Failure> {
    if let Some(token) = &args.token {
        context.ui.warn(format_args!(
            "--token can be read in the list of processes and the shell's history; use {TOKEN} or --token-file"
        ));
        return Ok(Some(token.trim().to_owned()));
    }
    let text = match &args.token_file {
        None => return Ok(context.environment.get(TOKEN).map(|token| token.trim().to_owned())),
        Some(path) if path == Path::new("-") => read(std::io::stdin().lock(), Path::new("standard input"))?,
        Some(path) => {
            let file = std::fs::File::open(path).map_err(|error| Failure::file("read", path, error))?;
            read(file, path)?
        }
    };
    let token = text.trim();
    if token.is_empty() {
        return Err(
            Failure::new(ExitCode::Usage, "there is no token in what --token-file names")
                .hint("Write the token into the file, as `mgw token > FILE` does."),
        );
    }
    Ok(Some(token.to_owned()))
}

fn read(from: impl Read, path: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    from.take(MAX_TOKEN)
        .read_to_string(&mut text)
        .map_err(|error| Failure::file("read", path, error))?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_taken_apart_and_not_put_right() {
        for (text, path, host, scheme, tls) in [
            ("/a/../b?c=http://x", "/a/../b?c=http://x", None, None, None),
            (
                "http://localhost:9090/a//b?x=1",
                "/a//b?x=1",
                Some("localhost:9090"),
                Some("http"),
                Some(false),
            ),
            ("HTTPS://u:p@h/%2e", "/%2e", Some("h"), Some("HTTPS"), Some(true)),
            ("https://h", "/", Some("h"), Some("https"), Some(true)),
            ("https://h?x", "/?x", Some("h"), Some("https"), Some(true)),
            ("ftp://h/a", "/a", Some("h"), Some("ftp"), None),
            ("*", "*", None, None, None),
        ] {
            let path = Cow::Borrowed(path);
            let target = Target::parse(text, false);
            assert_eq!(target.tls(), tls, "{text}");
            assert_eq!(target, Target { scheme, path, host }, "{text}");
        }
        for (text, host) in [("u@h:80", Some("h:80")), ("/a", None), ("*", None)] {
            let path = Cow::Borrowed(text);
            let scheme = None;
            assert_eq!(Target::parse(text, true), Target { scheme, path, host }, "{text}");
        }
    }

    #[test]
    fn headers_have_a_name() {
        assert_eq!(name_and_value("A:  b: c "), Ok(("A".to_owned(), "b: c".to_owned())));
        assert_eq!(name_and_value("A:"), Ok(("A".to_owned(), String::new())));
        let refused = name_and_value("secret").expect_err("it has no name");
        assert!(!refused.contains("secret"));
        assert!(name_and_value(": b").is_err());
    }
}
