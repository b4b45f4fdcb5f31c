//! The command line exactly as typed. Help, man pages and completions come from these types.

use crate::commands;
use crate::ui::{ColorChoice, OutputFormat};
use clap::{Args, Parser, Subcommand};

/// Run your API Cloud APIs on your own network: pull them, build one bundle, serve it.
#[derive(Debug, Parser)]
#[command(
    name = "mgw",
    version,
    max_term_width = 100,
    propagate_version = true,
    disable_help_subcommand = true,
    arg_required_else_help = true
)]
pub struct Cli {
    /// Options that every command takes.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// Options that every command takes.
#[derive(Debug, Clone, Copy, Args)]
pub struct GlobalArgs {
    /// What standard output carries.
    #[arg(
        long,
        global = true,
        value_enum,
        default_value = "text",
        env = "MGW_OUTPUT",
        help_heading = "Global options"
    )]
    pub output: OutputFormat,
    /// Say nothing but errors on standard error.
    #[arg(
        long,
        short,
        global = true,
        conflicts_with = "verbose",
        help_heading = "Global options"
    )]
    pub quiet: bool,
    /// Tell every step and request.
    #[arg(
        long,
        short,
        global = true,
        // Whoever is used to -vv gets what there is.
        overrides_with = "verbose",
        help_heading = "Global options"
    )]
    pub verbose: bool,
    /// When to use colours.
    #[arg(
        long,
        global = true,
        value_enum,
        default_value = "auto",
        env = "MGW_COLOR",
        help_heading = "Global options"
    )]
    pub color: ColorChoice,
    /// Never ask; fail when an answer would be needed.
    #[arg(
        long,
        global = true,
        env = "MGW_NO_INPUT",
        value_parser = parse::yes_or_no,
        help_heading = "Global options"
    )]
    pub no_input: bool,
    /// Port for a Java debugger: micro-gw ran on Java. Accepted without effect, and told.
    #[arg(long = "java.debug", global = true, hide = true, value_name = "PORT")]
    pub java_debug: Option<u16>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show the whole way from sign-in to served traffic, on this machine alone.
    Demo(commands::demo::DemoArgs),
    /// Sign in to the control plane.
    Login(commands::login::LoginArgs),
    /// End the session: revoke its tokens and remove its file.
    #[command(alias = "reset")]
    Logout(commands::logout::LogoutArgs),
    /// Tell who is signed in where.
    Whoami(commands::whoami::WhoamiArgs),
    /// Create a project folder.
    Init(commands::init::InitArgs),
    /// Copy API definitions into a project.
    Add(commands::add::AddArgs),
    /// Convert a project of another tool, and list what cannot carry over.
    Migrate(commands::migrate::MigrateArgs),
    /// Pull APIs, policies and subscriptions from the control plane into the project.
    #[command(alias = "import")]
    Pull(commands::pull::PullArgs),
    /// Pull what a reviewed plan says, or nothing.
    Apply(commands::apply::ApplyArgs),
    /// Compare project, lock, control plane and running gateway.
    Status(commands::status::StatusArgs),
    /// Return to what was pulled before.
    Rollback(commands::rollback::RollbackArgs),
    /// Tell what would change for callers, and how grave that is.
    Diff(commands::diff::DiffArgs),
    /// Check a project's files and say everything that is wrong with them.
    Check(commands::check::CheckArgs),
    /// Look for what is built as it was written, and may not be meant: open operations, backends in the clear, weak settings.
    Audit(commands::audit::AuditArgs),
    /// Say what a finding means at run time, or what the gateway would do with a request, and why.
    Explain(commands::explain::ExplainArgs),
    /// Compile a project into a bundle.
    Build(commands::build::BuildArgs),
    /// Write files for those who run gateways: Docker, Kubernetes, Helm.
    Generate(commands::generate::GenerateCommand),
    /// Sign a bundle that has been built.
    Sign(commands::sign::SignArgs),
    /// Check that a bundle is intact, the one that is meant, and signed by whom you trust.
    Verify(commands::verify::VerifyArgs),
    /// Show what is in a bundle, or in a running gateway.
    Inspect(commands::inspect::InspectArgs),
    /// Serve a project or a bundle.
    Run(commands::run::RunArgs),
    /// Change what a running gateway does.
    Admin(commands::admin::AdminCommand),
    /// Look after the usage records of gateways.
    Usage(commands::usage::UsageCommand),
    /// Look after the keys that sign bundles.
    Keys(commands::keys::KeysCommand),
    /// Make requests of a gateway, and compare the answers with what is expected.
    Test(commands::test::TestArgs),
    /// Print a test token for the APIs of a project.
    Token(commands::token::TokenArgs),
    /// Run a simulated control plane with a backend and a token issuer.
    Sandbox(commands::sandbox::SandboxArgs),
    /// Look at everything that stands between you and a running gateway.
    Doctor(commands::doctor::DoctorArgs),
    /// Show the help of a command, or a page of the documentation.
    Help(commands::help::HelpArgs),
    /// Complete a command line, for the scripts of `mgw completions`.
    #[command(hide = true)]
    CompleteLine(commands::complete_line::CompleteLineArgs),
    /// Print a completion script for a shell.
    Completions(commands::completions::CompletionsArgs),
    /// Print the manual page, or write all of them.
    Man(commands::man::ManArgs),
    /// Print the version.
    Version(commands::version::VersionArgs),
}

mod mistake;
mod old_words;
mod parse;
mod refusal;

pub(crate) use mistake::meant;
pub(crate) use old_words::instead;
pub use old_words::today;
pub use parse::parse;
pub(crate) use refusal::flag_variables;
pub use refusal::{refuse, refuse_unreadable};

#[cfg(test)]
mod surface;
#[cfg(test)]
mod tests;
