//! Secrets from files, because other users of a machine can see the options of a process.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, bail};

/// The value of a secret option, or the content of the file given by the option with the suffix `-file`,
/// without surrounding white space. An empty value or path counts as absent.
///
/// # Errors
/// Both are given, or the file cannot be read.
pub(super) fn read(
    option: &str,
    text: Option<String>,
    file: Option<PathBuf>,
) -> anyhow::Result<Option<String>> {
    let text = text.filter(|text| !text.is_empty());
    let file = file.filter(|file| !file.as_os_str().is_empty());
    match (text, file) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) => bail!("{option}: expected it or {option}-file, but found both"),
        (Some(text), None) => Ok(Some(text)),
        (None, Some(file)) => {
            let text = fs::read_to_string(&file)
                .with_context(|| format!("{option}-file: cannot read {}", file.display()))?;
            Ok(Some(text.trim().to_owned()))
        }
    }
}
