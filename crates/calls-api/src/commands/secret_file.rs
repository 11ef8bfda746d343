//! Secrets that stand in files: other users of a machine can see the options of a process.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, bail};

/// The text of an option, or of the file that the option of the same name with `-file` names, without the
/// blanks and line breaks around it. An empty text or path is none.
///
/// # Errors
/// Both are there, or the file cannot be read.
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
