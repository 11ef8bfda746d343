//! Recovery from kill -9.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use local_postgres::Cluster;

use crate::harness::{
    User, assert_nothing_left, existing, is_locked, is_root, keeper, owner, postmaster, ps, scratch, signal,
    wait_until,
};

#[test]
fn the_data_is_there_after_kill_9_of_the_server() {
    let (_scratch, data_dir) = existing();
    let user = User::of(&data_dir);
    user.query("CREATE TABLE kept AS SELECT 42 AS n").unwrap();
    let killed = postmaster(&data_dir);
    signal(killed, libc::SIGKILL);
    // The first user is still there, with nothing to talk to. The next one starts the server again, for both.
    let next = User::of(&data_dir);
    assert_ne!(postmaster(&data_dir), killed);
    assert_eq!(next.query("SELECT n FROM kept"), Ok("42".to_owned()));
    assert_eq!(user.query("SELECT n FROM kept"), Ok("42".to_owned()));
    assert!(user.end().success());
    assert!(next.end().success());
    assert_nothing_left(&data_dir);
}

#[test]
fn a_user_can_start_a_killed_server_again() {
    let (_scratch, data_dir) = existing();
    let cluster = Cluster::open(&data_dir).unwrap();
    let server = postmaster(&data_dir);
    cluster.ensure_database("calls").unwrap();
    cluster.ensure_running().unwrap();
    assert_eq!(postmaster(&data_dir), server);
    signal(server, libc::SIGKILL);
    cluster.ensure_running().unwrap();
    assert_ne!(postmaster(&data_dir), server);
    let taken = cluster.create_database("calls", None).unwrap_err().to_string();
    assert!(taken.contains("already exists"), "{taken}");
    cluster.leave().unwrap();
    assert_nothing_left(&data_dir);
}

#[test]
fn everything_killed_at_once_recovers() {
    let (_scratch, data_dir) = existing();
    let user = User::of(&data_dir);
    user.query("CREATE TABLE kept AS SELECT 42 AS n").unwrap();
    signal(postmaster(&data_dir), libc::SIGKILL);
    user.kill();
    let next = User::of(&data_dir);
    assert_eq!(next.query("SELECT n FROM kept"), Ok("42".to_owned()));
    assert!(next.end().success());
    assert_nothing_left(&data_dir);
}

#[test]
fn a_process_number_that_is_somebody_elses_now_does_not_prevent_the_start() {
    let (_scratch, data_dir) = existing();
    let user = User::of(&data_dir);
    signal(postmaster(&data_dir), libc::SIGKILL);
    assert!(user.end().success());
    wait_until("the server's processes are gone", || !is_locked(&data_dir.join("server.lock")));
    // As after a power cut: both files are there, and their number belongs to a process of the server's user.
    let mut stranger = process_of_owner(&data_dir.join("postgres"));
    for name in ["postgres/postmaster.pid", "socket/.s.PGSQL.5432.lock"] {
        let path = data_dir.join(name);
        let text = fs::read_to_string(&path).unwrap();
        let (_, rest) = text.split_once('\n').unwrap();
        fs::write(&path, format!("{}\n{rest}", stranger.id())).unwrap();
    }
    let next = User::of(&data_dir);
    assert_eq!(next.query("SELECT 1"), Ok("1".to_owned()));
    assert!(next.end().success());
    assert_nothing_left(&data_dir);
    assert!(stranger.try_wait().unwrap().is_none(), "the stranger was stopped");
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}

#[test]
fn a_server_whose_lock_files_were_deleted_is_still_stopped() {
    for is_killed in [false, true] {
        let (_scratch, data_dir) = existing();
        let user = User::of(&data_dir);
        let server = postmaster(&data_dir);
        for name in ["server.lock", "users.lock", "leaving.lock"] {
            // The last is there only once somebody has left.
            fs::remove_file(data_dir.join(name)).ok();
        }
        if is_killed {
            user.kill();
        } else {
            assert!(user.end().success());
        }
        wait_until("the server is gone", || ps("pid", server).is_empty());
        wait_until("its file is gone", || !data_dir.join("postgres/postmaster.pid").exists());
    }
}

#[test]
fn a_user_who_leaves_by_a_deleted_lock_file_leaves_the_server_to_those_who_came_later() {
    for is_killed in [false, true] {
        let (_scratch, data_dir) = existing();
        let first = User::of(&data_dir);
        let server = postmaster(&data_dir);
        fs::remove_file(data_dir.join("users.lock")).unwrap();
        let second = User::of(&data_dir);
        let keeper = keeper(&first, &data_dir);
        if is_killed {
            first.kill();
            // It waits for the second user now.
            wait_until("the keeper has an owner", || !ps("ppid", keeper).is_empty());
        } else {
            assert!(first.end().success());
        }
        assert_eq!(second.query("SELECT 1"), Ok("1".to_owned()));
        assert_eq!(postmaster(&data_dir), server);
        assert!(second.end().success());
        wait_until("the server is gone", || ps("pid", server).is_empty());
    }
}

#[test]
fn a_half_made_cluster_is_made_anew() {
    let scratch = scratch();
    let data_dir = scratch.path().join("data");
    let unfinished = data_dir.join("postgres.new");
    fs::create_dir_all(unfinished.join("base")).unwrap();
    fs::write(unfinished.join("PG_VERSION"), "15\n").unwrap();
    let user = User::of(&data_dir);
    assert_eq!(user.query("SELECT 1"), Ok("1".to_owned()));
    assert!(!unfinished.exists());
    assert!(user.end().success());
    assert_nothing_left(&data_dir);
}

/// A process of the user that owns `path`, which runs until it is killed.
fn process_of_owner(path: &Path) -> std::process::Child {
    let mut command = Command::new("cat");
    command.stdin(Stdio::piped()).stdout(Stdio::null()).current_dir("/");
    if is_root() {
        let (uid, gid) = owner(path);
        command.uid(uid).gid(gid);
    }
    command.spawn().unwrap()
}
