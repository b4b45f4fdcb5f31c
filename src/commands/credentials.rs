//! Where the user name, the password and the other settings of a sign-in come from: flag, variable, project, prompt.

use super::secrets::{secret, secret_of_stdin, secret_of_variable};
use crate::cloud::account::UserName;
use crate::cloud::address::Address;
use crate::cloud::http::{CustomHeaders, HttpOptions};
use crate::cloud::session::{DEFAULT_PROFILE, Profile, SessionStore};
use crate::context::{Context, Environment};
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::project::ControlPlaneKind;
use crate::ui::Prompt;
use crate::whole_file::read_text;
use secrecy::SecretString;
use std::path::PathBuf;
use std::time::Duration;

/// Base URL of WSO2 API Cloud's management APIs.
pub(crate) const API_CLOUD_URL: &str = "https://gateway.api.cloud.wso2.com";

/// The largest certificate file that is read.
const LARGEST_CA_FILE: u64 = 1 << 20;

/// Which session, and how to reach the control plane.
#[derive(Debug, Clone, clap::Args)]
pub struct SessionArgs {
    /// Name of the session, to keep several [env: MGW_PROFILE] [default: default]
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// Certificate authority to trust beside the platform's, in PEM [env: MGW_CA_FILE]
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// Header that every request to the control plane carries; repeatable. Others can see it in the process list: give
    /// secrets in MGW_HTTP_HEADERS, one header a line
    #[arg(long = "header", value_name = "NAME: VALUE")]
    pub headers: Vec<String>,
    /// What counts where neither flags nor variables say it.
    #[arg(skip)]
    pub defaults: HttpDefaults,
}

/// How the control plane is reached where neither flags nor variables say it.
#[derive(Debug, Clone, Default)]
pub struct HttpDefaults {
    /// Longest wait for an answer.
    pub(crate) timeout: Option<Duration>,
    /// Authorities that are trusted beside the platform's, in PEM.
    pub(crate) extra_roots: Option<String>,
    /// Certificates may be of another host.
    pub(crate) any_host: bool,
}

/// User name and password.
#[derive(Debug, Clone, clap::Args)]
pub struct CredentialArgs {
    /// E-mail address, for API Cloud [env: MGW_EMAIL, WSO2_CLOUD_EMAIL]
    #[arg(long, value_name = "ADDRESS", conflicts_with = "username")]
    pub email: Option<String>,
    /// Organisation key, for API Cloud [env: MGW_ORG, WSO2_CLOUD_ORG_KEY]
    #[arg(long, value_name = "KEY", conflicts_with = "username")]
    pub org: Option<String>,
    /// Complete user name, tenant included [env: MGW_USERNAME]
    #[arg(long, short = 'u', value_name = "NAME")]
    pub username: Option<String>,
    /// Read the password from standard input [env for the password: MGW_PASSWORD, MGW_PASSWORD_FILE, WSO2_CLOUD_PASSWORD]
    #[arg(long, conflicts_with = "password")]
    pub password_stdin: bool,
    /// The password itself. Others can see it in the process list; kept for scripts written for micro-gw.
    #[arg(long, short = 'p', value_name = "PASSWORD", hide = true)]
    pub password: Option<SecretString>,
}

impl SessionArgs {
    /// The session's files.
    pub(crate) fn store(&self, environment: &Environment) -> Result<SessionStore, Failure> {
        let name = self.profile.as_deref().or_else(|| environment.get("MGW_PROFILE"));
        let profile: Profile = name.unwrap_or(DEFAULT_PROFILE).parse()?;
        Ok(SessionStore::new(&environment.config_dir()?, profile))
    }

    /// How requests are sent.
    pub(crate) fn http(&self, environment: &Environment) -> Result<HttpOptions, Failure> {
        let variable = environment.get("MGW_CA_FILE").map(PathBuf::from);
        let extra_roots = match self.ca.clone().or(variable) {
            Some(path) => Some(read_ca(&path)?),
            None => self.defaults.extra_roots.clone(),
        };
        let defaults = HttpOptions::default();
        let timeout = match environment.get("MGW_HTTP_TIMEOUT") {
            Some(text) => text
                .parse()
                .ok()
                .filter(|seconds| (1..=3600).contains(seconds))
                .map(Duration::from_secs)
                .ok_or_else(|| {
                    Failure::new(ExitCode::Usage, format!("MGW_HTTP_TIMEOUT is `{text}`"))
                        .hint("Give a number of seconds from 1 to 3600.")
                })?,
            None => self.defaults.timeout.unwrap_or(defaults.timeout),
        };
        let of_variable = environment.get("MGW_HTTP_HEADERS").unwrap_or_default();
        let lines = of_variable.lines().chain(self.headers.iter().map(String::as_str));
        Ok(HttpOptions {
            headers: CustomHeaders::parse(lines)?,
            connect_timeout: defaults.connect_timeout.min(timeout),
            timeout,
            extra_roots,
            any_host: self.defaults.any_host,
            ..defaults
        })
    }
}

impl CredentialArgs {
    /// The user name; asks for what is missing.
    pub(crate) fn user(
        &self,
        context: &Context,
        address: &Address,
        kind: Option<ControlPlaneKind>,
    ) -> Result<UserName, Failure> {
        let environment = &context.environment;
        if let Some(user) = self.given_user(environment)? {
            if kind == Some(ControlPlaneKind::ApiCloud) && !user.has_email_and_organisation() {
                return Err(Failure::new(
                    ExitCode::Usage,
                    format!("`{user}` does not name an organisation of API Cloud"),
                )
                .hint("Give --email and --org, or --username in the form EMAIL@ORG."));
            }
            return Ok(user);
        }
        let email = self.given_email(environment);
        let org = self.given_organisation(environment);
        let is_cloud = match kind {
            Some(kind) => kind == ControlPlaneKind::ApiCloud,
            None => address.is_api_cloud(),
        };
        if !is_cloud && email.is_none() && org.is_none() {
            let name = context.ui.ask(Prompt {
                label: "User name",
                flag: Some("--username"),
                variable: "MGW_USERNAME",
                default: None,
            })?;
            return Ok(UserName::complete(&name)?);
        }
        let email = match email {
            Some(email) => email.to_owned(),
            None => context.ui.ask(Prompt {
                label: "E-mail address",
                flag: Some("--email"),
                variable: "MGW_EMAIL",
                default: None,
            })?,
        };
        let org = match org {
            Some(org) => org.to_owned(),
            None => context.ui.ask(Prompt {
                label: "Organisation key",
                flag: Some("--org"),
                variable: "MGW_ORG",
                default: None,
            })?,
        };
        Ok(UserName::in_organisation(&email, &org)?)
    }

    /// The user name as far as flags and variables give it; nobody is asked.
    pub(crate) fn given_user(&self, environment: &Environment) -> Result<Option<UserName>, Failure> {
        if let Some(name) = &self.username {
            return Ok(Some(UserName::complete(name)?));
        }
        if self.email.is_none()
            && self.org.is_none()
            && let Some(name) = environment.get("MGW_USERNAME")
        {
            return Ok(Some(UserName::complete(name)?));
        }
        let email = self.given_email(environment);
        let org = self.given_organisation(environment);
        match (email, org) {
            (Some(email), Some(org)) => Ok(Some(UserName::in_organisation(email, org)?)),
            _ => Ok(None),
        }
    }

    /// The e-mail address as far as flags and variables give it.
    pub(crate) fn given_email<'a>(&'a self, environment: &'a Environment) -> Option<&'a str> {
        first(self.email.as_deref(), environment, &["MGW_EMAIL", "WSO2_CLOUD_EMAIL"])
    }

    /// The organisation as far as flags and variables give it.
    pub(crate) fn given_organisation<'a>(&'a self, environment: &'a Environment) -> Option<&'a str> {
        first(self.org.as_deref(), environment, &["MGW_ORG", "WSO2_CLOUD_ORG_KEY"])
    }

    /// Whose a token is, as far as flags and variables say it.
    pub(crate) fn likely_user(&self, environment: &Environment) -> Result<Option<UserName>, Failure> {
        let organisation = self.given_organisation(environment);
        Ok(match (self.given_user(environment)?, organisation) {
            (Some(user), _) => Some(user),
            (None, Some(organisation)) => Some(UserName::complete(UserName::unknown(Some(organisation)).as_str())?),
            (None, None) => None,
        })
    }

    /// The password; asks when no flag or variable gives it.
    pub(crate) fn password(&self, context: &Context, user: &UserName) -> Result<SecretString, Failure> {
        match self.given_password(context)? {
            Some(password) => Ok(password),
            None => self.ask_password(context, user),
        }
    }

    /// Asks for the password.
    pub(crate) fn ask_password(&self, context: &Context, user: &UserName) -> Result<SecretString, Failure> {
        context.ui.ask_secret(Prompt {
            label: &format!("Password of {user}"),
            flag: Some("--password-stdin"),
            variable: "MGW_PASSWORD",
            default: None,
        })
    }

    /// The file that [`Self::given_password`] takes the password from, where it takes it from one.
    pub(crate) fn password_file(&self, environment: &Environment) -> Option<PathBuf> {
        let is_flag = self.password_stdin || self.password.is_some();
        let file = environment.get("MGW_PASSWORD_FILE").filter(|_| !is_flag);
        file.map(PathBuf::from)
    }

    /// The password as far as flags and variables give it; nobody is asked.
    pub(crate) fn given_password(&self, context: &Context) -> Result<Option<SecretString>, Failure> {
        if self.password_stdin {
            return secret_of_stdin("password").map(Some);
        }
        if let Some(password) = &self.password {
            context.ui.warn(
                "a password on the command line can be seen by other users; use --password-stdin or MGW_PASSWORD",
            );
            return Ok(Some(password.clone()));
        }
        let environment = &context.environment;
        let own = secret(environment, "MGW_PASSWORD", "MGW_PASSWORD_FILE")?;
        match own {
            Some(own) => Ok(Some(own)),
            None => secret_of_variable(environment, "WSO2_CLOUD_PASSWORD"),
        }
    }
}

fn first<'a>(flag: Option<&'a str>, environment: &'a Environment, variables: &[&str]) -> Option<&'a str> {
    flag.or_else(|| variables.iter().find_map(|name| environment.get(name)))
}

fn read_ca(path: &std::path::Path) -> Result<String, Failure> {
    let text = read_text(path, LARGEST_CA_FILE).map_err(|error| Failure::file("read", path, error))?;
    if text.contains("-----BEGIN CERTIFICATE-----") {
        Ok(text.to_string())
    } else {
        Err(
            Failure::new(ExitCode::Usage, format!("{} holds no certificate", path.display()))
                .hint("Give a PEM file: it contains a line BEGIN CERTIFICATE."),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    type Pairs<'a> = &'a [(&'a str, &'a str)];

    fn arguments(flags: Pairs<'_>) -> CredentialArgs {
        let flag = |name: &str| {
            let found = flags.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        CredentialArgs {
            email: flag("--email"),
            org: flag("--org"),
            username: flag("--username"),
            password_stdin: false,
            password: flag("--password").map(Into::into),
        }
    }

    #[test]
    fn the_first_source_of_a_user_counts() {
        const CLOUD: [(&str, &str); 2] = [("WSO2_CLOUD_EMAIL", "old@a.example"), ("WSO2_CLOUD_ORG_KEY", "old")];
        let table: [(Pairs<'_>, Pairs<'_>, Option<&str>); 9] = [
            (&[], &[], None),
            (&[], &CLOUD, Some("old@a.example@old")),
            (&[], &[CLOUD[0]], None),
            (
                &[],
                &[CLOUD[0], CLOUD[1], ("MGW_ORG", "new")],
                Some("old@a.example@new"),
            ),
            (
                &[],
                &[CLOUD[0], CLOUD[1], ("MGW_EMAIL", "new@a.example")],
                Some("new@a.example@old"),
            ),
            (&[], &[CLOUD[0], CLOUD[1], ("MGW_USERNAME", "admin")], Some("admin")),
            (
                &[("--org", "flag")],
                &[CLOUD[0], CLOUD[1], ("MGW_USERNAME", "admin")],
                Some("old@a.example@flag"),
            ),
            (&[("--email", "flag@a.example")], &CLOUD, Some("flag@a.example@old")),
            (
                &[("--username", "root")],
                &[CLOUD[0], CLOUD[1], ("MGW_USERNAME", "admin")],
                Some("root"),
            ),
        ];
        for (flags, variables, expected) in table {
            let environment: Environment = variables.iter().copied().collect();
            let user = arguments(flags).given_user(&environment).unwrap();
            assert_eq!(user.as_ref().map(UserName::as_str), expected, "{flags:?} {variables:?}");
        }
    }

    #[test]
    fn the_first_source_of_a_password_counts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        std::fs::write(&path, "of-file\n").unwrap();
        let path = path.display().to_string();
        let cloud = ("WSO2_CLOUD_PASSWORD", "old");
        let own = ("MGW_PASSWORD", "own");
        let file = ("MGW_PASSWORD_FILE", path.as_str());
        let table: [(Pairs<'_>, Pairs<'_>, Option<&str>); 6] = [
            (&[], &[], None),
            (&[], &[cloud], Some("old")),
            (&[], &[cloud, own], Some("own")),
            (&[], &[cloud, file], Some("of-file")),
            (&[], &[cloud, ("MGW_PASSWORD", "")], Some("old")),
            (&[("--password", "flag")], &[cloud, own], Some("flag")),
        ];
        for (flags, variables, expected) in table {
            let context = Context::silent(variables.iter().copied().collect());
            let password = arguments(flags).given_password(&context).unwrap();
            let password = password.as_ref().map(|password| password.expose_secret());
            assert_eq!(password, expected, "{flags:?} {variables:?}");
        }
        let both: Environment = [own, file].into_iter().collect();
        assert!(secret(&both, "MGW_PASSWORD", "MGW_PASSWORD_FILE").is_err());
    }
}
