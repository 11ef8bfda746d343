//! Places and owners of the data.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use local_postgres::{Cluster, Error};

use crate::harness::{
    User, WITH_POSTGRES, assert_nothing_left, existing, is_root, owner, postmaster, ps, scratch,
    wait_until_nothing_left,
};

#[test]
fn the_server_never_runs_as_root() {
    let (_scratch, data_dir) = existing();
    let user = User::of(&data_dir);
    let uid = ps("uid", postmaster(&data_dir));
    let own = ps("uid", user.pid());
    assert_eq!(uid == own, !is_root(), "server {uid}, user {own}");
    assert_ne!(uid, "0");
    assert_eq!(owner(&data_dir.join("postgres")).0.to_string(), uid);
    // Nobody else reaches the socket, which asks for no password.
    assert_eq!(mode(&data_dir.join("socket")), 0o700);
    assert!(user.end().success());
}

#[test]
fn an_ordinary_user_runs_its_own_server() {
    if !is_root() {
        eprintln!("not as root: every other test shows it");
        return;
    }
    // 65534 is `nobody`. The program is copied because that user may not enter the folder it was built in.
    let nobody = 65_534;
    let scratch = scratch();
    let program = scratch.path().join("with-postgres");
    fs::copy(WITH_POSTGRES, &program).unwrap();
    let home = scratch.path().join("home");
    fs::create_dir(&home).unwrap();
    chown(&home, Some(nobody), Some(nobody)).unwrap();
    let data_dir = home.join("share/calls");
    let begin = || {
        let mut command = Command::new(&program);
        command.arg("--data-dir").arg(&data_dir).uid(nobody).gid(nobody).current_dir("/");
        User::begin(&mut command).ready()
    };
    let user = begin();
    assert_eq!(ps("uid", postmaster(&data_dir)), nobody.to_string());
    assert_eq!(mode(&data_dir), 0o700);
    // Root joins, and what root makes in the folder stays usable for its owner.
    fs::remove_file(data_dir.join("leaving.lock")).unwrap_or_default();
    let root = User::of(&data_dir);
    assert!(user.end().success());
    assert_eq!(root.query("SELECT 1"), Ok("1".to_owned()));
    assert!(root.end().success());
    let root = User::of(&data_dir);
    assert_eq!(ps("uid", postmaster(&data_dir)), nobody.to_string());
    root.kill();
    wait_until_nothing_left(&data_dir);
    assert!(begin().end().success());
    assert_nothing_left(&data_dir);
}

#[test]
fn a_data_folder_of_mode_0700_is_fine() {
    let folder = tempfile::tempdir_in("/tmp").unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let user = User::of(folder.path());
    assert_eq!(user.query("SELECT 1"), Ok("1".to_owned()));
    // Passing through is all that others get.
    assert_eq!(mode(folder.path()), if is_root() { 0o711 } else { 0o700 });
    assert!(user.end().success());
    assert_nothing_left(folder.path());
}

#[test]
fn a_folder_in_a_closed_one_is_an_error_that_names_the_closed_one() {
    if !is_root() {
        eprintln!("not as root: the server's user is the one who opens the folder");
        return;
    }
    let closed = tempfile::tempdir_in("/tmp").unwrap();
    fs::set_permissions(closed.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let error = Cluster::open(&closed.path().join("inner")).unwrap_err();
    assert!(matches!(&error, Error::Unreachable { folder, .. } if folder == closed.path()), "{error:?}");
    assert!(error.to_string().contains("--data-dir"), "{error}");
}

#[test]
fn a_path_too_long_for_a_socket_works() {
    let (scratch, short) = existing();
    let data_dir = scratch.path().join("long".repeat(25));
    fs::rename(short, &data_dir).unwrap();
    let user = User::of(&data_dir);
    assert_eq!(user.query("SELECT 1"), Ok("1".to_owned()));
    let socket_dir = user.query("SHOW unix_socket_directories").unwrap();
    let socket_dir = Path::new(socket_dir.trim_matches('"'));
    assert!(socket_dir.starts_with("/tmp"), "{socket_dir:?}");
    assert_eq!(mode(socket_dir), 0o700);
    assert!(user.end().success());
    assert_nothing_left(&data_dir);
    assert!(!socket_dir.exists());
}

#[test]
fn a_folder_can_be_moved_to_a_path_with_every_special_character() {
    let (scratch, mut place) = existing();
    for name in ["a b'c\"d$e`f\\g%h?i#ü", "comma,comma"] {
        let data_dir = scratch.path().join(name);
        fs::rename(&place, &data_dir).unwrap();
        place = data_dir.clone();
        let user = User::of(&data_dir);
        assert_eq!(user.query("SELECT 1"), Ok("1".to_owned()), "{name}");
        assert!(user.end().success());
        assert_nothing_left(&data_dir);
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}
