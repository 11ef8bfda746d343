//! The unprivileged user that a server started by root runs as.

use std::ffi::{CStr, CString};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Error;

/// Users for a server started by root, most preferred first. The last two may also run other services, which
/// could then access the server.
const PREFERRED: [&str; 3] = ["calls", "postgres", "nobody"];

/// A user of the system.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) uid: libc::uid_t,
    pub(crate) gid: libc::gid_t,
}

impl Account {
    /// The user to switch to; `None` if this process is not root.
    ///
    /// `owner` is the owner of the data. It is preferred unless it is root, so that data created by `sudo
    /// calls` in a user's folder can be used without `sudo` afterwards.
    pub(crate) fn to_drop_to(owner: libc::uid_t) -> Result<Option<Account>, Error> {
        if !is_root() {
            return Ok(None);
        }
        let of_owner = if owner == 0 { None } else { Account::by_uid(owner) };
        of_owner.or_else(|| preferred(Account::by_name)).map(Some).ok_or(Error::NoUnprivilegedUser)
    }

    /// Checks that the user of this process has a name, which PostgreSQL requires.
    pub(crate) fn check_name() -> Result<(), Error> {
        let uid = effective_uid();
        Account::by_uid(uid).map(|_| ()).ok_or(Error::NamelessUser { uid })
    }

    /// The first of `folders` that this account cannot enter. The kernel is asked as that user, because mode
    /// bits do not show access control lists.
    pub(crate) fn first_closed(&self, folders: &[&Path]) -> Result<Option<PathBuf>, Error> {
        let all: Vec<&Path> = folders.iter().flat_map(|folder| ancestors(folder)).collect();
        let script = r#"i=0; for d; do [ -x "$d" ] || { echo $i; exit; }; i=$((i+1)); done"#;
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script, "sh"]).args(&all).env_clear().current_dir("/").stdin(Stdio::null());
        run_as(&mut command, Some(self));
        let output = command.output().map_err(Error::io("run", Path::new("/bin/sh")))?;
        let index = String::from_utf8_lossy(&output.stdout).trim().parse::<usize>().ok();
        Ok(index.and_then(|index| all.get(index)).map(|folder| folder.to_path_buf()))
    }

    fn by_name(name: &str) -> Option<Account> {
        let name = CString::new(name).ok()?;
        // SAFETY: all pointers are valid for the call; the result is copied before the buffer is dropped.
        lookup(|entry, buffer, size, result| unsafe {
            libc::getpwnam_r(name.as_ptr(), entry, buffer, size, result)
        })
    }

    fn by_uid(uid: libc::uid_t) -> Option<Account> {
        // SAFETY: as above.
        lookup(|entry, buffer, size, result| unsafe { libc::getpwuid_r(uid, entry, buffer, size, result) })
    }
}

/// The first user that exists.
fn preferred(by_name: impl Fn(&str) -> Option<Account>) -> Option<Account> {
    PREFERRED.into_iter().filter_map(by_name).find(|account| account.uid != 0)
}

/// The name of the user that a server runs as, if its data belongs to the user `owner`; `None` if that is
/// this process' user.
///
/// # Errors
/// [`Error::NoUnprivilegedUser`].
pub fn user_of_server(owner: u32) -> Result<Option<String>, Error> {
    Ok(Account::to_drop_to(owner)?.map(|account| account.name))
}

/// The name of a user. `None` if it has none.
pub fn user_name(uid: u32) -> Option<String> {
    Account::by_uid(uid).map(|account| account.name)
}

/// Whether this process runs as root.
pub(crate) fn is_root() -> bool {
    effective_uid() == 0
}

/// The user of this process.
pub(crate) fn effective_uid() -> libc::uid_t {
    // SAFETY: always succeeds, touches no memory.
    unsafe { libc::geteuid() }
}

/// Makes `command` run as `account`, without supplementary groups (the standard library drops them with the
/// user).
pub(crate) fn run_as(command: &mut Command, account: Option<&Account>) {
    if let Some(account) = account {
        command.uid(account.uid).gid(account.gid);
    }
}

/// All ancestors from the root, and `folder` itself.
fn ancestors(folder: &Path) -> Vec<&Path> {
    let mut all: Vec<&Path> = folder.ancestors().collect();
    all.reverse();
    all
}

/// Calls one of the `getpw*_r` functions with a buffer.
fn lookup(
    call: impl Fn(*mut libc::passwd, *mut libc::c_char, libc::size_t, *mut *mut libc::passwd) -> libc::c_int,
) -> Option<Account> {
    let mut buffer = vec![0 as libc::c_char; 16 * 1024];
    // SAFETY: a passwd of zeros is a valid value (null pointers and ids).
    let mut entry: libc::passwd = unsafe { std::mem::zeroed() };
    let mut result = std::ptr::null_mut();
    let failed = call(&mut entry, buffer.as_mut_ptr(), buffer.len(), &mut result);
    if failed != 0 || result.is_null() || entry.pw_name.is_null() {
        return None;
    }
    // SAFETY: on success the name points to a string inside of `buffer`.
    let name = unsafe { CStr::from_ptr(entry.pw_name) }.to_string_lossy().into_owned();
    Some(Account { name, uid: entry.pw_uid, gid: entry.pw_gid })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_of_its_own_comes_before_those_that_are_shared() {
        let there = |names: &'static [&str]| {
            move |name: &str| {
                let uid = names.iter().position(|there| *there == name)? as libc::uid_t + 100;
                Some(Account { name: name.to_owned(), uid, gid: uid })
            }
        };
        let found = |names| preferred(there(names)).map(|account| account.name);
        assert_eq!(found(&["nobody", "postgres", "calls"]).as_deref(), Some("calls"));
        assert_eq!(found(&["nobody", "postgres"]).as_deref(), Some("postgres"));
        assert_eq!(found(&["nobody"]).as_deref(), Some("nobody"));
        assert_eq!(found(&[]), None);
    }
}
