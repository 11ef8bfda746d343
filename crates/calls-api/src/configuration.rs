//! The configuration file: options in TOML, named without their leading dashes.
//!
//! Command-line options take precedence over environment variables, and these over the file. The file's
//! values become the defaults of the options, so that all three are parsed and checked alike.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::{Arg, ArgAction, Command};
use toml::{Table, Value};

/// The file that is read by default, if it exists.
pub const DEFAULT_FILE: &str = "/etc/calls/calls.toml";
/// Environment variable with the path of the configuration file. If it is empty, no file is read.
pub const VARIABLE: &str = "CALLS_CONFIG";
/// Option with the path of the configuration file.
const OPTION: &str = "--config";

/// Settings of a configuration file.
#[derive(Debug, Default)]
pub struct Configuration {
    /// Path of the file. `None` without one.
    pub file: Option<PathBuf>,
    /// Values of each option, by its long name.
    values: BTreeMap<String, Vec<String>>,
}

impl Configuration {
    /// Reads the file given by the arguments or the environment, or else [`DEFAULT_FILE`] if it exists.
    ///
    /// # Errors
    /// The file cannot be read, is not valid TOML, or has a key or value that `command` does not accept.
    pub fn read(command: &Command, arguments: &[OsString]) -> anyhow::Result<Self> {
        let named = named_file(arguments).or_else(|| std::env::var_os(VARIABLE));
        let file = match named {
            Some(none) if none.is_empty() => return Ok(Self::default()),
            Some(file) => PathBuf::from(file),
            None => PathBuf::from(DEFAULT_FILE),
        };
        match fs::read_to_string(&file) {
            Ok(text) => {
                let values = read_values(command, &text).with_context(|| file.display().to_string())?;
                Ok(Self { file: Some(file), values })
            }
            Err(error) if error.kind() == ErrorKind::NotFound && file == Path::new(DEFAULT_FILE) => {
                Ok(Self::default())
            }
            Err(error) => Err(error).with_context(|| format!("cannot read {}", file.display())),
        }
    }

    /// The command, with the file's values as the defaults of its options.
    pub fn apply(&self, command: Command) -> Command {
        let command = command.mut_args(|arg| match arg.get_long().and_then(|long| self.values.get(long)) {
            Some(values) if arg.get_env().is_some() && is_list(&arg) => arg.default_values(values.clone()),
            Some(values) if arg.get_env().is_some() => arg.default_value(values.join(",")),
            _ => arg,
        });
        command.mut_subcommands(|subcommand| self.apply(subcommand))
    }

    /// Whether the file sets the option of this long name.
    pub fn sets(&self, long: &str) -> bool {
        self.values.contains_key(long)
    }
}

/// The file given by the arguments, which can only be parsed after it has been read.
fn named_file(arguments: &[OsString]) -> Option<OsString> {
    let mut arguments = arguments.iter().skip(1).take_while(|argument| *argument != "--");
    while let Some(argument) = arguments.next() {
        if argument == OPTION {
            return arguments.next().cloned();
        }
        if let Some(file) = argument.to_str().and_then(|text| text.strip_prefix(OPTION)?.strip_prefix('=')) {
            return Some(file.into());
        }
    }
    None
}

fn read_values(command: &Command, text: &str) -> anyhow::Result<BTreeMap<String, Vec<String>>> {
    let table: Table =
        text.parse().map_err(|error: toml::de::Error| anyhow::anyhow!("{}", one_line(text, &error)))?;
    let options = options(command);
    table
        .into_iter()
        .map(|(key, value)| {
            let long = key.replace('_', "-");
            let Some(option) = options.get(&*long) else {
                bail!(
                    "expected an option of Calls, but found {key:?}{}",
                    suggestion(&long, options.keys().copied())
                )
            };
            let values = values(option, &value).with_context(|| key.clone())?;
            values.iter().try_for_each(|value| check(option, value)).with_context(|| key.clone())?;
            Ok((long, values))
        })
        .collect()
}

/// A TOML error without the line of the file, which may contain a secret.
fn one_line(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    format!("line {}: {}", before.matches('\n').count() + 1, error.message())
}

/// Options that have an environment variable, by their long names. Others request a single action, and are
/// not for a file.
fn options(command: &Command) -> BTreeMap<&str, &Arg> {
    let own =
        command.get_arguments().filter(|arg| arg.get_env().is_some_and(|variable| variable != VARIABLE));
    let own = own.filter_map(|arg| Some((arg.get_long()?, arg)));
    let mut options: BTreeMap<&str, &Arg> =
        command.get_subcommands().flat_map(self::options).chain(own).collect();
    // Where several commands have an option, the description of the server's counts.
    options.extend(command.find_subcommand("serve").into_iter().flat_map(self::options));
    options
}

/// A TOML value as it would be given on the command line.
fn values(option: &Arg, value: &Value) -> anyhow::Result<Vec<String>> {
    let is_flag = matches!(option.get_action(), ArgAction::SetTrue);
    let is_list = is_list(option);
    let expected = match (is_flag, is_list) {
        (true, _) => "true or false",
        (_, true) => "a text or a list of texts",
        _ => "a text or a number",
    };
    let scalar = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Float(number) => Some(number.to_string()),
        _ => None,
    };
    let values = match value {
        Value::Boolean(flag) if is_flag => Some(vec![flag.to_string()]),
        Value::Array(items) if is_list => items.iter().map(scalar).collect(),
        other if !is_flag => scalar(other).map(|text| vec![text]),
        _ => None,
    };
    values.with_context(|| format!("expected {expected}, but found {}", value.type_str()))
}

/// Whether an option takes several values.
fn is_list(option: &Arg) -> bool {
    matches!(option.get_action(), ArgAction::Append) || option.get_value_delimiter().is_some()
}

/// Checks a value with the parser of its option.
fn check(option: &Arg, value: &str) -> anyhow::Result<()> {
    if matches!(option.get_action(), ArgAction::SetTrue) {
        return Ok(());
    }
    let alone = Command::new("calls").no_binary_name(true).arg(option.clone().required(false).global(false));
    let argument = format!("--{}={value}", option.get_long().unwrap_or_default());
    match alone.try_get_matches_from([argument]) {
        Ok(_) => Ok(()),
        Err(_) if option.is_hide_env_values_set() => bail!("expected another value"),
        Err(error) => {
            let reason = std::error::Error::source(&error).map(ToString::to_string);
            bail!("{}", reason.unwrap_or_else(|| format!("expected another value, but found {value:?}")))
        }
    }
}

/// A suggestion such as `: did you mean "bind"?`, if a known name is similar.
fn suggestion<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let alike = known.map(|known| (strsim::jaro_winkler(name, known), known));
    let best = alike.max_by(|(one, _), (other, _)| one.total_cmp(other));
    best.filter(|(alike, _)| *alike > 0.75)
        .map_or_else(String::new, |(_, known)| format!(": did you mean {known:?}?"))
}

/// The environment variable of an option.
pub fn variable(option: &Arg) -> Option<&str> {
    option.get_env().and_then(OsStr::to_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command() -> Command {
        let option = |long: &'static str, variable: &'static str| Arg::new(long).long(long).env(variable);
        let serve = Command::new("serve").args([
            option("bind", "CALLS_TEST_BIND").value_parser(clap::value_parser!(std::net::SocketAddr)),
            option("cors-origin", "CALLS_TEST_ORIGIN").value_delimiter(','),
            option("no-directory", "CALLS_TEST_FLAG").action(ArgAction::SetTrue),
            option("token", "CALLS_TEST_TOKEN").hide_env_values(true).value_parser(clap::value_parser!(u16)),
            Arg::new("once").long("once"),
        ]);
        Command::new("calls").subcommand(serve)
    }

    #[test]
    fn values_become_those_of_the_command_line() {
        let text = "bind = \"127.0.0.1:1\"\ncors_origin = [\"https://a.example\", \"https://b.example\"]\n\
                    no-directory = true";
        let values = read_values(&command(), text).unwrap();
        let configuration = Configuration { file: None, values };
        let matches = configuration.apply(command()).get_matches_from(["calls", "serve"]);
        let (_, matches) = matches.subcommand().unwrap();
        assert_eq!(matches.get_one::<std::net::SocketAddr>("bind").unwrap().to_string(), "127.0.0.1:1");
        assert_eq!(matches.get_many::<String>("cors-origin").unwrap().count(), 2);
        assert!(matches.get_flag("no-directory"));
        let matches =
            configuration.apply(command()).get_matches_from(["calls", "serve", "--bind", "127.0.0.1:2"]);
        let (_, matches) = matches.subcommand().unwrap();
        assert_eq!(matches.get_one::<std::net::SocketAddr>("bind").unwrap().port(), 2);
    }

    #[test]
    fn what_is_not_understood_is_refused_with_its_name_and_no_secret() {
        for (text, expected) in [
            ("bnd = 1", "expected an option of Calls, but found \"bnd\": did you mean \"bind\"?"),
            ("xyzzy = 1", "expected an option of Calls, but found \"xyzzy\""),
            ("once = \"x\"", "found \"once\""),
            ("bind = \"here\"", "bind: invalid socket address syntax"),
            ("bind = [\"127.0.0.1:1\"]", "bind: expected a text or a number, but found array"),
            ("no-directory = \"yes\"", "no-directory: expected true or false, but found string"),
            ("cors-origin = { a = 1 }", "cors-origin: expected a text or a list of texts, but found table"),
            ("token = \"hunter2\"", "token: expected another value"),
            ("bind = 1\ntoken = \"hunter2", "line 2: "),
        ] {
            let error = format!("{:#}", read_values(&command(), text).unwrap_err());
            assert!(error.contains(expected) && !error.contains("hunter2"), "{text}: {error}");
        }
    }

    #[test]
    fn the_file_is_named_before_everything_is_parsed() {
        let named = |arguments: &[&str]| {
            let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
            named_file(&arguments)
        };
        assert_eq!(named(&["calls", "serve", "--config", "a.toml"]), Some("a.toml".into()));
        assert_eq!(named(&["calls", "--config=a.toml", "serve"]), Some("a.toml".into()));
        assert_eq!(named(&["calls", "import", "--", "--config", "a.toml"]), None);
        assert_eq!(named(&["calls", "serve", "--configure", "a.toml"]), None);
    }
}
