//! `package-files FOLDER` writes the man pages, completions and licences of `calls` into a folder, for
//! packages.

mod licenses;

use std::path::{Path, PathBuf};
use std::{env, fs};

use anyhow::Context as _;
use clap_complete::{Shell, generate_to};
use clap_mangen::Man;

fn main() -> anyhow::Result<()> {
    let folder =
        env::args_os().nth(1).map(PathBuf::from).context("expected a folder, but found no argument")?;
    write(&folder)?;
    licenses::write(&folder.join("licenses"))
}

/// Writes `man/calls.1`, a man page per command, and `completions/` for bash, zsh and fish.
fn write(folder: &Path) -> anyhow::Result<()> {
    let (man, completions) = (folder.join("man"), folder.join("completions"));
    for folder in [&man, &completions] {
        fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    }
    let command = calls_api::cli::command().disable_help_subcommand(true);
    write_man_pages(&man, command.clone())?;
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        generate_to(shell, &mut command.clone(), "calls", &completions)
            .with_context(|| format!("cannot write the completions for {shell}"))?;
    }
    Ok(())
}

fn write_man_pages(folder: &Path, mut command: clap::Command) -> anyhow::Result<()> {
    command.build();
    let commands = command.get_subcommands().filter(|command| !command.is_hide_set()).cloned();
    let commands: Vec<clap::Command> = commands.collect();
    for command in commands.into_iter().chain([command]) {
        let name = command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned();
        // Without a date, for reproducible builds.
        let man = Man::new(command.name(name.clone())).date("").manual("Calls");
        let path = folder.join(format!("{name}.1"));
        let mut page = Vec::new();
        man.render(&mut page)?;
        fs::write(&path, page).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_command_has_a_man_page_and_each_shell_its_completions() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path()).unwrap();
        let read = |path: &str| fs::read_to_string(folder.path().join(path)).unwrap();
        for (path, text) in [
            ("man/calls.1", "calls\\-import(1)"),
            ("man/calls-serve.1", "base\\-path"),
            ("man/calls-import.1", "zone"),
            ("completions/calls.bash", "--base-path"),
            ("completions/_calls", "--base-path"),
            ("completions/calls.fish", "base-path"),
        ] {
            assert!(read(path).contains(text), "{path}: {}", read(path));
        }
    }
}
