//! Questions to the user. Each names the flag and the variable that answer it without a terminal.

use super::Ui;
use crate::exit::ExitCode;
use crate::failure::Failure;
use secrecy::SecretString;

/// A question.
#[derive(Debug, Clone, Copy)]
pub struct Prompt<'a> {
    /// What is asked, without a colon.
    pub label: &'a str,
    /// The flag that answers it, where there is one: some secrets have none.
    pub flag: Option<&'a str>,
    /// The environment variable that answers it.
    pub variable: &'a str,
    /// What an empty answer means.
    pub default: Option<&'a str>,
}

impl Ui {
    /// Asks for a text.
    ///
    /// # Errors
    ///
    /// Ends with [`ExitCode::InputNeeded`], naming flag and variable, when nobody is there to answer.
    pub fn ask(&self, prompt: Prompt<'_>) -> Result<String, Failure> {
        self.require_terminal(prompt)?;
        let mut input = dialoguer::Input::<String>::new().with_prompt(prompt.label);
        if let Some(default) = prompt.default {
            input = input.default(default.to_owned());
        }
        input.interact_text_on(&console::Term::stderr()).map_err(ended)
    }

    /// Asks for a secret without showing it.
    ///
    /// # Errors
    ///
    /// As [`Ui::ask`].
    pub fn ask_secret(&self, prompt: Prompt<'_>) -> Result<SecretString, Failure> {
        self.require_terminal(prompt)?;
        dialoguer::Password::new()
            .with_prompt(prompt.label)
            .interact_on(&console::Term::stderr())
            .map(SecretString::from)
            .map_err(ended)
    }

    fn require_terminal(&self, prompt: Prompt<'_>) -> Result<(), Failure> {
        if self.interactive {
            return Ok(());
        }
        let mut label = prompt.label.chars();
        let first = label.next().map(|first| first.to_lowercase().to_string());
        let hint = match prompt.flag {
            Some(flag) => format!("Give {flag} or set {}.", prompt.variable),
            None => format!("Set {}.", prompt.variable),
        };
        Err(Failure::new(
            ExitCode::InputNeeded,
            format!(
                "{}{} is needed and there is no terminal to ask on",
                first.unwrap_or_default(),
                label.as_str()
            ),
        )
        .hint(hint))
    }
}

fn ended(error: dialoguer::Error) -> Failure {
    let dialoguer::Error::IO(error) = error;
    if error.kind() == std::io::ErrorKind::Interrupted {
        Failure::interrupted()
    } else {
        Failure::new(ExitCode::InputNeeded, "the answer could not be read").because(error)
    }
}
