//! What packages of hapax ship besides the program, made from its own command line: completions
//! for shells and the man page.

use super::Hapax;
use clap::CommandFactory;
use std::process::ExitCode;

/// Writes the completion script of a shell to the standard output.
#[derive(Clone, Debug, clap::Args)]
pub struct Completions {
    /// The shell
    pub shell: clap_complete::Shell,
}

/// Writes a man page to the standard output: of the program, or of one of its subcommands.
#[derive(Clone, Debug, clap::Args)]
pub struct Man {
    /// The subcommand
    #[arg(value_name = "COMMAND")]
    pub command: Option<String>,
}

/// `hapax completions SHELL`
pub fn completions(wanted: &Completions) -> ExitCode {
    let mut text = Vec::new();
    clap_complete::generate(wanted.shell, &mut Hapax::command(), "hapax", &mut text);
    super::print(&String::from_utf8_lossy(&text));
    ExitCode::SUCCESS
}

/// `hapax man [COMMAND]`
pub fn man(wanted: &Man) -> ExitCode {
    let mut program = Hapax::command();
    program.build();
    let command = match &wanted.command {
        None => program,
        Some(name) => match program.find_subcommand(name) {
            Some(command) => command.clone().display_name(format!("hapax-{name}")),
            None => {
                eprintln!("hapax: there is no command '{name}'");
                return ExitCode::from(2);
            }
        },
    };
    let mut text = Vec::new();
    if clap_mangen::Man::new(command).render(&mut text).is_err() {
        return ExitCode::FAILURE;
    }
    super::print(&String::from_utf8_lossy(&text));
    ExitCode::SUCCESS
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum;

    #[test]
    fn every_shell_and_every_command_is_served() {
        for shell in clap_complete::Shell::value_variants() {
            let mut text = Vec::new();
            clap_complete::generate(*shell, &mut Hapax::command(), "hapax", &mut text);
            let text = String::from_utf8_lossy(&text);
            assert!(
                text.contains("lint") && text.contains("extend-select"),
                "{shell}"
            );
        }
        let mut text = Vec::new();
        assert!(
            clap_mangen::Man::new(Hapax::command())
                .render(&mut text)
                .is_ok()
        );
        assert!(String::from_utf8_lossy(&text).contains("hapax\\-lint"));
    }
}
