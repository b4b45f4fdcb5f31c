//! The scripts that shells read.

use crate::cli::Cli;
use clap::CommandFactory;
use clap_complete::Shell;

/// The script for a shell. Those of bash, zsh and fish ask `mgw` at every word; the others know commands and options.
pub(crate) fn script(shell: Shell) -> Vec<u8> {
    match shell {
        Shell::Bash => include_bytes!("scripts/mgw.bash").to_vec(),
        Shell::Zsh => include_bytes!("scripts/mgw.zsh").to_vec(),
        Shell::Fish => include_bytes!("scripts/mgw.fish").to_vec(),
        other => {
            let mut script = Vec::new();
            clap_complete::generate(other, &mut Cli::command(), "mgw", &mut script);
            script
        }
    }
}
