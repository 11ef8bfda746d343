//! `calls config`.

use std::process::ExitCode;

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::configuration::{self, Configuration};

/// Prints the effective options of `calls serve` as TOML, with the source of each value. Secrets are left
/// out, so the output can be shared.
pub(crate) fn run(command: &Command, matches: &ArgMatches, configuration: &Configuration) -> ExitCode {
    match &configuration.file {
        Some(file) => println!("# The file {}", file.display()),
        None => println!("# No file"),
    }
    let own = command.find_subcommand("config").into_iter().flat_map(Command::get_arguments);
    for option in command.get_arguments().filter(|option| option.is_global_set()).chain(own) {
        if let (Some(long), Some(variable)) = (option.get_long(), configuration::variable(option))
            && variable != configuration::VARIABLE
        {
            println!("{}", line(option, long, variable, matches, configuration));
        }
    }
    ExitCode::SUCCESS
}

fn line(
    option: &Arg,
    long: &str,
    variable: &str,
    matches: &ArgMatches,
    configuration: &Configuration,
) -> String {
    let id = option.get_id().as_str();
    let source = match matches.value_source(id) {
        None => return format!("# {long} is not set"),
        Some(ValueSource::CommandLine) => format!("the option --{long}"),
        Some(ValueSource::EnvVariable) => format!("the variable {variable}"),
        Some(_) if configuration.sets(long) => "the file".to_owned(),
        Some(_) => "the default".to_owned(),
    };
    if option.is_hide_env_values_set() {
        return format!("# {long} is set by {source}");
    }
    if matches!(option.get_action(), ArgAction::SetTrue) {
        return format!("{long} = {}  # {source}", matches.get_flag(id));
    }
    let raw = matches.get_raw(id).into_iter().flatten().map(|value| value.to_string_lossy().into_owned());
    let values: Vec<String> = raw.map(|value| toml::Value::String(value).to_string()).collect();
    match values.as_slice() {
        [value] if option.get_value_delimiter().is_none() => format!("{long} = {value}  # {source}"),
        values => format!("{long} = [{}]  # {source}", values.join(", ")),
    }
}
