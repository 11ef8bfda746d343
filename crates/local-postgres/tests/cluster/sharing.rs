//! Join, leave, and who stops the server.

use std::process::Command;
use std::thread;

use local_postgres::Cluster;

use crate::harness::{
    User, WITH_POSTGRES, assert_nothing_left, existing, is_locked, keeper, postmaster, ps, scratch, signal,
    wait_until, wait_until_nothing_left,
};

#[test]
fn a_cluster_opened_in_this_process_serves_databases_and_leaves_nothing() {
    let scratch = scratch();
    let data_dir = scratch.path().join("data");
    let cluster = Cluster::open(&data_dir).unwrap();
    let query = |database: &str, statement: &str| {
        let mut psql = Command::new(cluster.bin_dir().join("psql"));
        let output =
            psql.args(["-X", "-A", "-t", "-d", &cluster.url(database), "-c", statement]).output().unwrap();
        (output.status.success(), String::from_utf8(output.stdout).unwrap())
    };
    cluster.create_database("template \"one\"", None).unwrap();
    assert!(query("template \"one\"", "CREATE TABLE t AS SELECT 7 AS n").0);
    cluster.create_database("copy", Some("template \"one\"")).unwrap();
    assert_eq!(query("copy", "SELECT n FROM t"), (true, "7\n".to_owned()));
    let taken = cluster.create_database("copy", None).unwrap_err().to_string();
    assert!(taken.contains("already exists"), "{taken}");
    cluster.ensure_database("copy").unwrap();
    assert_eq!(query("copy", "SHOW fsync"), (true, "on\n".to_owned()));
    assert_eq!(query("copy", "SHOW server_encoding"), (true, "UTF8\n".to_owned()));
    assert_eq!(query("copy", "SHOW data_checksums"), (true, "on\n".to_owned()));
    assert_eq!(query("copy", "SHOW listen_addresses"), (true, "\n".to_owned()));
    cluster.drop_database("copy").unwrap();
    cluster.drop_database("copy").unwrap();
    assert!(!query("copy", "SELECT 1").0);
    assert!(is_locked(&data_dir.join("server.lock")));
    cluster.leave().unwrap();
    assert_nothing_left(&data_dir);
}

#[test]
fn a_database_ensured_by_many_at_once_is_there() {
    let (_scratch, data_dir) = existing();
    let cluster = Cluster::open(&data_dir).unwrap();
    thread::scope(|scope| {
        let all: Vec<_> = (0..6).map(|_| scope.spawn(|| cluster.ensure_database("calls"))).collect();
        for one in all {
            one.join().unwrap().unwrap();
        }
    });
    drop(cluster);
    assert_nothing_left(&data_dir);
}

#[test]
fn a_second_process_joins_and_the_last_one_stops_the_server() {
    let (_scratch, data_dir) = existing();
    let first = User::of(&data_dir);
    let server = postmaster(&data_dir);
    let second = User::of(&data_dir);
    assert_eq!(second.url, first.url);
    assert_eq!(postmaster(&data_dir), server);
    assert!(first.end().success());
    assert_eq!(second.query("SELECT 1"), Ok("1".to_owned()));
    assert_eq!(postmaster(&data_dir), server);
    assert!(second.end().success());
    // No waiting: the last user returns when everything is gone.
    assert_nothing_left(&data_dir);
}

#[test]
fn two_processes_that_open_a_new_folder_at_once_share_one_server() {
    let scratch = scratch();
    let data_dir = scratch.path().join("data");
    let begin = || User::begin(Command::new(WITH_POSTGRES).arg("--data-dir").arg(&data_dir));
    let [one, other, third] = [begin(), begin(), begin()].map(User::ready);
    one.query("CREATE TABLE shared AS SELECT 5 AS n").unwrap();
    assert_eq!(other.query("SELECT n FROM shared"), Ok("5".to_owned()));
    // All leave at once, too.
    let statuses = thread::scope(|scope| {
        [one, other, third].map(|user| scope.spawn(|| user.end())).map(|user| user.join().unwrap().success())
    });
    assert_eq!(statuses, [true; 3]);
    assert_nothing_left(&data_dir);
}

#[test]
fn a_killed_user_counts_as_left() {
    let (_scratch, data_dir) = existing();
    let [first, second] = [User::of(&data_dir), User::of(&data_dir)];
    let server = postmaster(&data_dir);
    first.query("CREATE TABLE kept AS SELECT 42 AS n").unwrap();
    first.kill();
    assert_eq!(second.query("SELECT n FROM kept"), Ok("42".to_owned()));
    assert_eq!(postmaster(&data_dir), server);
    second.kill();
    wait_until_nothing_left(&data_dir);
    let again = User::of(&data_dir);
    assert_eq!(again.query("SELECT n FROM kept"), Ok("42".to_owned()));
    // The keeper stopped the server in an orderly way, so nothing had to be recovered.
    let log = std::fs::read_to_string(data_dir.join("postgres.log")).unwrap();
    assert!(log.contains("received fast shutdown request"), "{log}");
    assert!(!log.contains("was interrupted"), "{log}");
    assert!(again.end().success());
    assert_nothing_left(&data_dir);
}

#[test]
fn a_user_without_its_keeper_still_stops_the_server() {
    let (_scratch, data_dir) = existing();
    let user = User::of(&data_dir);
    signal(keeper(&user, &data_dir), libc::SIGKILL);
    assert!(user.end().success());
    assert_nothing_left(&data_dir);
}

#[test]
fn a_server_that_lost_user_and_keeper_is_joined_and_stopped() {
    let (_scratch, data_dir) = existing();
    let user = User::of(&data_dir);
    let server = postmaster(&data_dir);
    signal(keeper(&user, &data_dir), libc::SIGKILL);
    user.kill();
    let next = User::of(&data_dir);
    assert_eq!(postmaster(&data_dir), server);
    assert!(next.end().success());
    assert_nothing_left(&data_dir);
}

#[test]
fn a_keeper_ignores_what_ends_its_user_and_stands_apart() {
    let (_scratch, data_dir) = existing();
    let user = User::of(&data_dir);
    let keeper = keeper(&user, &data_dir);
    for number in [libc::SIGTERM, libc::SIGINT, libc::SIGHUP] {
        signal(keeper, number);
    }
    // A Ctrl-C at the terminal reaches one group of processes, and neither of these is in the user's.
    for pid in [keeper, postmaster(&data_dir)] {
        assert_ne!(ps("pgid", pid), ps("pgid", user.pid()));
    }
    user.kill();
    // Only the keeper can have done it.
    wait_until_nothing_left(&data_dir);
}

#[cfg(target_os = "linux")]
#[test]
fn neither_server_nor_keeper_holds_open_files_of_the_user() {
    let (_scratch, data_dir) = existing();
    let mut ends = [0; 2];
    // SAFETY: a system call with room for two descriptors. They are inherited, unlike those of the standard
    // library.
    assert_eq!(unsafe { libc::pipe(ends.as_mut_ptr()) }, 0);
    let pipe = std::fs::read_link(format!("/proc/self/fd/{}", ends[0])).unwrap();
    let open_files = |pid: i32| -> Vec<std::path::PathBuf> {
        let entries = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap();
        entries.filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok()).collect()
    };
    let user = User::of(&data_dir);
    assert!(open_files(user.pid()).contains(&pipe));
    assert!(!open_files(postmaster(&data_dir)).contains(&pipe));
    let mut of_keeper = open_files(keeper(&user, &data_dir));
    of_keeper.sort();
    let null = std::path::PathBuf::from("/dev/null");
    assert_eq!(of_keeper, [null.clone(), null.clone(), null, data_dir.join("users.lock")]);
    for end in ends {
        // SAFETY: opened above, closed once.
        unsafe { libc::close(end) };
    }
    assert!(user.end().success());
    assert_nothing_left(&data_dir);
}

#[test]
fn a_user_killed_while_it_makes_the_cluster_leaves_nothing_running() {
    let scratch = scratch();
    let data_dir = scratch.path().join("data");
    let user = User::begin(Command::new(WITH_POSTGRES).arg("--data-dir").arg(&data_dir));
    wait_until("initdb has begun", || data_dir.join("postgres.new/PG_VERSION").exists());
    user.kill();
    wait_until_nothing_left(&data_dir);
    let next = User::of(&data_dir);
    assert_eq!(next.query("SELECT 1"), Ok("1".to_owned()));
    assert!(!data_dir.join("postgres.new").exists());
    assert!(next.end().success());
    assert_nothing_left(&data_dir);
}

#[test]
fn a_user_killed_at_any_moment_of_a_start_leaves_nothing_running() {
    let (_scratch, data_dir) = existing();
    let moments: [(&str, &dyn Fn() -> bool); 3] = [
        ("the server's lock is taken", &|| is_locked(&data_dir.join("server.lock"))),
        ("the server has a number", &|| data_dir.join("postgres/postmaster.pid").exists()),
        ("the server has a socket", &|| data_dir.join("socket/.s.PGSQL.5432").exists()),
    ];
    for (moment, has_come) in moments {
        let user = User::begin(Command::new(WITH_POSTGRES).arg("--data-dir").arg(&data_dir));
        wait_until(moment, has_come);
        user.kill();
        wait_until_nothing_left(&data_dir);
    }
}
