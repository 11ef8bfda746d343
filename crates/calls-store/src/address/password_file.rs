//! The password file (PostgreSQL documentation, chapter "The Password File"): lines of
//! `hostname:port:database:username:password`, in which `*` matches anything.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use super::Host;
use super::parameters::Parameters;

/// Finds the password for a server.
pub(super) fn find(parameters: &Parameters, user: &str, server: &Host<'_>) -> Option<String> {
    let named = parameters.get("passfile").map(PathBuf::from);
    let home = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".pgpass"));
    let file = named.or_else(home)?;
    // libpq ignores a file that others may read, and warns about it.
    let is_private =
        fs::metadata(&file).is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o077 == 0);
    let text = fs::read_to_string(&file).ok().filter(|_| is_private)?;
    let address = server.address.map(|address| address.to_string());
    let host = server.name.or(address.as_deref()).filter(|_| !server.is_local()).unwrap_or("localhost");
    let (port, database) = (server.port.to_string(), parameters.get("dbname").unwrap_or(user));
    text.lines().find_map(|line| password(line, [host, &port, database, user]))
}

/// The password of a line that matches.
fn password(line: &str, wanted: [&str; 4]) -> Option<String> {
    if line.starts_with('#') {
        return None;
    }
    let mut fields = fields(line);
    let fits =
        wanted.into_iter().all(|wanted| fields.next().is_some_and(|field| field == "*" || field == wanted));
    fields.next().filter(|_| fits)
}

/// The fields of a line, split at colons. A backslash escapes the next character. The last field is the rest
/// of the line.
fn fields(line: &str) -> impl Iterator<Item = String> + '_ {
    let mut characters = line.chars().peekable();
    std::iter::from_fn(move || {
        characters.peek()?;
        let mut field = String::new();
        while let Some(character) = characters.next() {
            match character {
                ':' => return Some(field),
                '\\' => field.extend(characters.next()),
                c => field.push(c),
            }
        }
        Some(field)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_fits_by_its_fields() {
        let wanted = ["db.example", "5432", "calls", "me"];
        for (line, expected) in [
            ("db.example:5432:calls:me:secret", Some("secret")),
            ("*:*:*:*:with\\:colon", Some("with:colon")),
            ("other.example:*:*:*:secret", None),
            ("# *:*:*:*:secret", None),
            ("*:*:*", None),
            ("", None),
        ] {
            assert_eq!(password(line, wanted).as_deref(), expected, "{line}");
        }
    }
}
